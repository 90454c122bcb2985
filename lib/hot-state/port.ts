/**
 * The hot state: short-lived facts that every login reads, in memory or in Redis. It is one verb on purpose:
 * a limiter built from separate `get` and `set` calls is wrong under concurrency. What is counted and where the
 * limits are is policy and lives in lib/login; a driver only executes.
 */
export interface HotState {
  /**
   * Does the operations in order, atomically (nothing of another call happens in between), in one round trip.
   * Answers one result per operation, typed by its kind.
   * @param generation of whatever is written, see `generation()`; in a later one the list is refused with HotStateAway
   * @throws HotStateFull when a new entry with an end is needed and only live entries that may not be dropped are left;
   *   nothing of the call has been done then; HotStateAway when it cannot be reached. Any error but HotStateFull and
   *   WrongKind means: unknown whether it was done.
   */
  apply<const Ops extends readonly Op[]>(ops: Ops, generation?: number): Promise<Results<Ops>>
  /**
   * Tells every node of a change that is committed. Where that cannot be delivered, everything is forgotten in its place:
   * a new generation begins, with no entries, on this node at once and on the others within a second or so.
   * @throws when not even that could be done; it is tried again until it is, as long as this process lives
   */
  announce(ops: readonly Op[]): Promise<Announcement>
  /**
   * Rises whenever everything is forgotten at once: after an announcement that could not be delivered, and when the hot
   * state may have gone back to an older state. A copy of what was read in one generation is not written in another.
   */
  generation(): number
  /**
   * For a process that stands still between calls, and keeps nothing up to date meanwhile: resolves when the connection
   * stands and the generation is known, or cannot be. Never rejects.
   */
  wake(): Promise<void>
  close(): Promise<void>
}

export type Announcement = 'delivered' | 'renewed'

/** Milliseconds until the entry is gone; null = never, such an entry is also never dropped for want of room. */
export type TimeToLive = number | null

export type Op =
  /** Answers the value, or null; of a count or a set its number as text. A tombstone reads as null. */
  | { op: 'read'; key: string }
  /**
   * Stores the value. With `version`: only if the stored entry has no version or one that is not higher.
   * `value: null` stores a tombstone, which keeps its version: an older copy cannot be written over it.
   * Answers whether it was written.
   */
  | { op: 'write'; key: string; value: string | null; ttlMs: TimeToLive; version?: number }
  /** Answers whether there was an entry. */
  | { op: 'remove'; key: string }
  /** Stores the value only if there is no entry. Answers whether it was stored. */
  | { op: 'claim'; key: string; value: string; ttlMs: TimeToLive }
  /** Adds one and answers the new count. The first increment sets the time to live, later ones do not move it. */
  | { op: 'increment'; key: string; ttlMs: TimeToLive }
  /**
   * Adds a member to a distinct set, unless it has `cap` members already. Answers the count after the step, and
   * whether the member was added, was there before, or found the set full, as with a `cap` of 0. The first member sets the time to live,
   * later ones do not move it. While one of the entries `unless` exists nothing is added: `skipped`.
   * With a `holder` also who finds the member present holds it, and it goes with the last that does.
   */
  | {
      op: 'add'
      key: string
      member: string
      holder?: string
      cap: number
      ttlMs: TimeToLive
      unless?: readonly string[]
    }
  /** Takes a member, or one of its holders, out of a distinct set. Answers the count of members that is left. */
  | { op: 'drop'; key: string; member: string; holder?: string }

export interface Added {
  count: number
  outcome: 'added' | 'present' | 'full' | 'skipped'
}

interface ResultByOp {
  read: string | null
  write: boolean
  remove: boolean
  claim: boolean
  increment: number
  add: Added
  drop: number
}

export type Result<O extends Op> = ResultByOp[O['op']]
export type Results<Ops extends readonly Op[]> = { -readonly [I in keyof Ops]: Result<Ops[I]> }

export class HotStateFull extends Error {
  override name = 'HotStateFull'
}

/** The hot state cannot be reached, or did not answer in time: for now, nothing can be decided. */
export class HotStateAway extends Error {
  override name = 'HotStateAway'
}

/** An operation met an entry of another kind, such as `increment` on a set: a defect of the caller. */
export class WrongKind extends Error {
  override name = 'WrongKind'
}
