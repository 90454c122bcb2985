/**
 * The hot state of one process. JavaScript runs an `apply` to its end before anything else, so atomicity is free;
 * a list is checked before its first operation is done, so that a refused list has done nothing.
 */
import { type HotState, HotStateFull, type Op, type Results, type TimeToLive, WrongKind } from './port.ts'

type Content =
  | { kind: 'value'; value: string | null; version: number | undefined }
  | { kind: 'count'; count: number }
  | { kind: 'set'; members: Map<string, Set<string>> }

type Entry = Content & { endsAt: number }

/** Which kind of entry an operation works on; `read` and `remove` work on any. */
const kinds: Record<Op['op'], Content['kind'][]> = {
  read: ['value', 'count', 'set'],
  write: ['value'],
  remove: ['value', 'count', 'set'],
  claim: ['value'],
  increment: ['count'],
  add: ['set'],
  drop: ['set'],
}

/** Expired entries looked at per new entry: enough that they go faster than they come. */
const sweepPerInsert = 4

/**
 * @param maxEntries where the memory stops growing. Then the oldest plain values (cached copies, proofs) make room,
 *   then the oldest counts and sets: whoever can make that many would otherwise keep everyone out. Claims, tombstones
 *   and entries without an end are never dropped; the last are few, and made even when it is full.
 */
export function createMemoryHotState(clock: () => number, maxEntries = 200_000): HotState {
  const entries = new Map<string, Entry>()
  /** What may be dropped for want of room, oldest first. */
  const values = new Set<string>()
  const counters = new Set<string>()
  let sweep = entries.entries()

  const live = (key: string, now: number): Entry | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || entry.endsAt > now) return entry
    forget(key)
    return undefined
  }

  const forget = (key: string) => {
    entries.delete(key)
    values.delete(key)
    counters.delete(key)
  }

  const isSkipped = (op: Op, now: number) =>
    op.op === 'add' && op.unless !== undefined && op.unless.some(key => live(key, now) !== undefined)

  const put = (key: string, content: Content, ttlMs: TimeToLive, now: number, droppable?: Set<string>) => {
    forget(key)
    entries.set(key, { ...content, endsAt: ttlMs === null ? Infinity : now + ttlMs })
    if (ttlMs !== null) droppable?.add(key)
  }

  const dropExpired = (now: number) => {
    for (let i = 0; i < sweepPerInsert; i++) {
      const next = sweep.next()
      if (next.done) {
        sweep = entries.entries()
        return
      }
      if (next.value[1].endsAt <= now) forget(next.value[0])
    }
  }

  /** Checks kinds and makes room before anything is done. */
  const prepare = (ops: readonly Op[], now: number) => {
    const created = new Set<string>()
    for (const op of ops) {
      // Most are reads, which fit any kind and make nothing.
      if (op.op === 'read') continue
      const entry = live(op.key, now)
      if (entry === undefined) {
        if ('ttlMs' in op && op.ttlMs !== null && !isSkipped(op, now)) created.add(op.key)
      } else if (!kinds[op.op].includes(entry.kind)) {
        throw new WrongKind(`${op.op} on ${op.key}, which is a ${entry.kind}`)
      }
    }
    if (created.size === 0) return
    for (let i = 0; i < created.size; i++) dropExpired(now)
    const excess = entries.size + created.size - maxEntries
    if (excess <= 0) return
    const touched = new Set(ops.map(op => op.key))
    const victims: string[] = []
    // Neither the one kind nor the other may push the last of the other out.
    const order = counters.size > maxEntries / 2 ? [counters, values] : [values, counters]
    for (const droppable of order) {
      for (const key of droppable) {
        if (victims.length === excess) break
        if (!touched.has(key)) victims.push(key)
      }
    }
    if (victims.length < excess) throw new HotStateFull(`the hot state is full (${maxEntries} entries)`)
    for (const key of victims) forget(key)
  }

  const perform = (op: Op, now: number): unknown => {
    const entry = live(op.key, now)
    switch (op.op) {
      case 'read':
        if (entry?.kind === 'count') return String(entry.count)
        if (entry?.kind === 'set') return String(entry.members.size)
        return entry?.value ?? null
      case 'write': {
        const known = entry?.kind === 'value' ? entry.version : undefined
        if (op.version !== undefined && known !== undefined && known > op.version) return false
        put(
          op.key,
          { kind: 'value', value: op.value, version: op.version },
          op.ttlMs,
          now,
          op.value === null ? undefined : values,
        )
        return true
      }
      case 'remove':
        forget(op.key)
        return entry !== undefined
      case 'claim':
        if (entry !== undefined) return false
        put(op.key, { kind: 'value', value: op.value, version: undefined }, op.ttlMs, now)
        return true
      case 'increment':
        if (entry?.kind === 'count') return ++entry.count
        put(op.key, { kind: 'count', count: 1 }, op.ttlMs, now, counters)
        return 1
      case 'add': {
        if (isSkipped(op, now)) {
          return { count: entry?.kind === 'set' ? entry.members.size : 0, outcome: 'skipped' }
        }
        if (entry?.kind !== 'set') {
          if (op.cap === 0) return { count: 0, outcome: 'full' }
          const members = new Map([[op.member, new Set([op.holder ?? ''])]])
          put(op.key, { kind: 'set', members }, op.ttlMs, now, counters)
          return { count: 1, outcome: 'added' }
        }
        const { members } = entry
        const outcome = members.has(op.member) ? 'present' : members.size < op.cap ? 'added' : 'full'
        if (outcome === 'added') members.set(op.member, new Set())
        if (outcome !== 'full') members.get(op.member)!.add(op.holder ?? '')
        return { count: members.size, outcome }
      }
      case 'drop': {
        if (entry?.kind !== 'set') return 0
        const holders = entry.members.get(op.member)
        holders?.delete(op.holder ?? '')
        if (holders?.size === 0) entry.members.delete(op.member)
        const left = entry.members.size
        if (left === 0) forget(op.key)
        return left
      }
    }
  }

  const apply = async <const Ops extends readonly Op[]>(ops: Ops) => {
    const now = clock()
    prepare(ops, now)
    return ops.map(op => perform(op, now)) as Results<Ops>
  }

  return {
    apply,
    async announce(ops) {
      await apply(ops)
      return 'delivered'
    },
    // What a process remembers ends with it, and nothing brings an older state back.
    generation: () => 1,
    wake: async () => {},
    async close() {
      entries.clear()
      values.clear()
      counters.clear()
    },
  }
}
