/** Addresses and prefixes: how they are written, and which belong together. No I/O, no clock. */
import { isIP, isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ReturnType<typeof ipaddr.process>

/** A prefix in its one spelling, such as `192.0.2.0/24` or `2001:db8::/48`. */
export interface Prefix {
  text: string
  family: 'ipv4' | 'ipv6'
  /** The address bits that count, as text of 0 and 1. */
  bits: string
}

/**
 * @param text address or CIDR; IPv4 inside IPv6 is read as IPv4, bits beyond the prefix are dropped
 * @returns null when it is neither
 */
export function parsePrefix(text: string): Prefix | null {
  const [address = '', length, ...more] = text.trim().split('/')
  if (more.length > 0 || !isAddress(address) || (length !== undefined && !/^\d{1,3}$/.test(length)))
    return null
  const parsed = ipaddr.parse(address)
  const plain = ipaddr.process(address)
  const width = widthOf(plain)
  // `::ffff:192.0.2.0/120` counts from the IPv6 side.
  const shift = parsed.kind() === plain.kind() ? 0 : 96
  const wanted = length === undefined ? width : Number(length) - shift
  return wanted < 0 || wanted > width ? null : cut(plain, wanted)
}

/** The /24 or /48 that an address is in: what counts as one place that a user logs in from. null for `unix:` and the like. */
export function networkOf(address: string): string | null {
  // Every login asks for it. Node takes no IPv4 address but in its one spelling.
  return isIPv4(address) ? `${address.slice(0, address.lastIndexOf('.'))}.0/24` : prefixOf(address, 24, 48)
}

/** What one client can change at will, and so what an automatic ban covers: the address itself, or the /64 of IPv6. */
export function placeOf(address: string): string | null {
  return isIPv4(address) ? `${address}/32` : prefixOf(address, 32, 64)
}

function prefixOf(address: string, ipv4: number, ipv6: number): string | null {
  if (!isAddress(address)) return null
  const plain = ipaddr.process(address)
  return cut(plain, plain.kind() === 'ipv4' ? ipv4 : ipv6).text
}

/** Strict: `127.1`, octal numbers and zones are nothing that nginx sends. */
const isAddress = (text: string) => isIP(text) !== 0 && !text.includes('%')

const widthOf = (address: Address) => (address.kind() === 'ipv4' ? 32 : 128)

/** All bits of an address, IPv4 inside IPv6 as IPv4. null for what is no address. */
export function readBits(text: string): Pick<Prefix, 'family' | 'bits'> | null {
  if (!isAddress(text)) return null
  const plain = ipaddr.process(text)
  return { family: plain.kind(), bits: toBits(plain) }
}

const bitsOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(2).padStart(8, '0'))
const toBits = (address: Address) =>
  address
    .toByteArray()
    .map(byte => bitsOfByte[byte])
    .join('')

function cut(address: Address, length: number): Prefix {
  const bits = toBits(address).slice(0, length)
  return { text: prefixOfBits(address.kind(), bits), family: address.kind(), bits }
}

/** The prefix of these bits, written. */
function prefixOfBits(family: Prefix['family'], bits: string): string {
  const bytes = bits.padEnd(family === 'ipv4' ? 32 : 128, '0').match(/.{8}/g)!
  const network = ipaddr.fromByteArray(bytes.map(byte => Number.parseInt(byte, 2)))
  return `${network.toString()}/${bits.length}`
}

/** The networks, as of `networkOf`, that a prefix covers, or the one that it lies in. null = more than `most`. */
export function networksOf({ family, bits }: Prefix, most: number): string[] | null {
  const open = (family === 'ipv4' ? 24 : 48) - bits.length
  if (open <= 0) return [prefixOfBits(family, bits.slice(0, bits.length + open))]
  if (2 ** open > most) return null
  return Array.from({ length: 2 ** open }, (_, i) =>
    prefixOfBits(family, bits + i.toString(2).padStart(open, '0')),
  )
}

/** Every prefix that contains this one, itself included, the narrowest first: what `in` an index finds them by. */
export const prefixesAround = ({ family, bits }: Pick<Prefix, 'family' | 'bits'>): string[] =>
  Array.from({ length: bits.length + 1 }, (_, i) => prefixOfBits(family, bits.slice(0, bits.length - i)))

/** Every prefix that an address is in, the narrowest first; none for what is no address. */
export function prefixesOf(address: string): string[] {
  const read = readBits(address)
  return read === null ? [] : prefixesAround(read)
}

/** Whether every address of `inner` is one of `outer`. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  return outer.family === inner.family && inner.bits.startsWith(outer.bits)
}
