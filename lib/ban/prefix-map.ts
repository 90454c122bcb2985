/**
 * Entries by prefix, for many of them: a radix tree. A look-up follows the bits of the address and meets only prefixes
 * that contain it and forks, so it costs about the same with a hundred entries and with a hundred thousand.
 */
import { type Prefix, readBits } from './rules.ts'

export interface PrefixMap<Entry> {
  set(prefix: Prefix, id: string, entry: Entry): void
  delete(prefix: Prefix, id: string): void
  /** Every entry that contains the address; none for what is no address. */
  find(address: string): Entry[]
}

interface Node<Entry> {
  /** The bits of the prefix after those of its parent, as text of 0 and 1. */
  part: string
  entries: Map<string, Entry>
  /** At most one whose part begins with 0, and one with 1. */
  children: [Node<Entry> | null, Node<Entry> | null]
}

export function createPrefixMap<Entry>(): PrefixMap<Entry> {
  const roots = { ipv4: createNode<Entry>(''), ipv6: createNode<Entry>('') }
  return {
    set({ family, bits }, id, entry) {
      insert(roots[family], bits).entries.set(id, entry)
    },
    delete({ family, bits }, id) {
      remove(roots[family], bits, id)
    },
    find(address) {
      // Most gateways have few bans or none, and every login looks.
      if (isEmpty(roots.ipv4) && isEmpty(roots.ipv6)) return []
      const read = readBits(address)
      if (read === null) return []
      const found: Entry[] = []
      const { bits } = read
      let node: Node<Entry> | null = roots[read.family]
      for (let at = 0; node !== null && bits.startsWith(node.part, at); ) {
        for (const entry of node.entries.values()) found.push(entry)
        at += node.part.length
        node = at === bits.length ? null : childOf(node, bits, at)
      }
      return found
    },
  }
}

const createNode = <Entry>(part: string): Node<Entry> => ({
  part,
  entries: new Map(),
  children: [null, null],
})

const isEmpty = ({ entries, children }: Node<unknown>) =>
  entries.size === 0 && children[0] === null && children[1] === null

const sideOf = (text: string, at: number) => (text[at] === '0' ? 0 : 1)
const childOf = <Entry>(node: Node<Entry>, text: string, at: number) => node.children[sideOf(text, at)]

/** The node of these bits, made where there is none. */
function insert<Entry>(root: Node<Entry>, text: string): Node<Entry> {
  let node = root
  for (let at = 0; at < text.length; at += node.part.length) {
    const child = childOf(node, text, at) ?? createNode<Entry>(text.slice(at))
    node.children[sideOf(text, at)] = child
    split(child, countCommon(child.part, text, at))
    node = child
  }
  return node
}

/** Cuts a node in two, so that it ends after `length` bits; what it held goes to a child. */
function split<Entry>(node: Node<Entry>, length: number): void {
  if (length === node.part.length) return
  const rest: Node<Entry> = { ...node, part: node.part.slice(length) }
  node.part = node.part.slice(0, length)
  node.entries = new Map()
  node.children = [null, null]
  node.children[sideOf(rest.part, 0)] = rest
}

function countCommon(part: string, text: string, at: number): number {
  let length = 0
  while (length < part.length && part[length] === text[at + length]) length++
  return length
}

/** Takes the entry out, and every node that is then needed neither for entries nor as a fork. */
function remove<Entry>(root: Node<Entry>, text: string, id: string): void {
  const path = [root]
  for (let at = 0; at < text.length; ) {
    const child = childOf(path.at(-1)!, text, at)
    if (child === null || !text.startsWith(child.part, at)) return
    path.push(child)
    at += child.part.length
  }
  path.at(-1)!.entries.delete(id)
  for (let i = path.length - 1; i > 0; i--) {
    const node = path[i]!
    if (node.entries.size > 0) return
    const [only, other] = node.children.filter(child => child !== null)
    if (other) return
    if (only) only.part = node.part + only.part
    const parent = path[i - 1]!
    parent.children[sideOf(node.part, 0)] = only ?? null
  }
}
