/**
 * One check of the backends per interval for all processes that share a hot state: whoever takes the turn checks and
 * publishes what it found, the others adopt it. While the hot state is away, each checks by itself.
 */
import type { HotState } from '../hot-state/port.ts'
import type { KnownHealth } from './shapes.ts'

/** What is known of each address, by the keys of the health record. */
export type Found = Record<string, KnownHealth>

export interface Turn {
  /** Whether this process is the one that checks. */
  isMine: boolean
  /** News of the process that checked last; null = there are none. */
  found: Found | null
  /** Publishes, or with null lets another process take the turn at once. Never rejects. */
  end(found: Found | null): Promise<void>
}

export interface TurnParts {
  hot: HotState
  /** Counted up by every change of the backends: then a turn begins at once, for one process. */
  versionKey: string
  /** Live, milliseconds: the interval, and the longest check of one address. */
  settings: { check_interval: number; check_timeout: number }
}

/** A turn ends before its interval: whoever looks at the next interval must not find it still taken. */
const turnShare = 0.9
/** For table and names, before the checks begin. A process that takes longer loses the turn. */
const preparationMs = 5_000

/** Another interval is another turn: nobody waits for the end of an old one that was an hour long. */
const turnKey = (version: string | null, intervalMs: number) => `backends:turn:${version ?? ''}:${intervalMs}`
const roundKey = 'backends:round'
/** Processes of two versions may share a hot state: whoever changes `KnownHealth` counts this up. */
export const foundKey = 'backends:found:1'

export function createTurns({ hot, versionKey, settings }: TurnParts) {
  let seen: string | null = null
  let checkedAt = Number.NEGATIVE_INFINITY

  /** Null = nothing to do: another process has the turn, and nothing is new. Never rejects. */
  async function begin(): Promise<Turn | null> {
    const now = performance.now()
    const times = timesOf(settings)
    try {
      const [version, round] = await hot.apply([
        { op: 'read', key: versionKey },
        { op: 'read', key: roundKey },
      ])
      const [isMine, text] = await hot.apply([
        { op: 'claim', key: turnKey(version, times.intervalMs), value: 'taken', ttlMs: times.checkingMs },
        { op: 'read', key: foundKey },
      ])
      const found = round === seen ? null : parse(text)
      seen = round
      if (isMine) checkedAt = now
      else if (found === null) return null
      return { isMine, found, end: isMine ? news => end(version, times, now, news) : async () => {} }
    } catch {
      if (now - checkedAt < times.turnMs) return null
      checkedAt = now
      return { isMine: true, found: null, end: async () => {} }
    }
  }

  /** Never rejects. */
  async function end(
    version: string | null,
    { intervalMs, turnMs, checkingMs, knownMs }: Times,
    begunAt: number,
    found: Found | null,
  ): Promise<void> {
    const key = turnKey(version, intervalMs)
    const tookMs = Math.ceil(performance.now() - begunAt)
    // Another process has the turn by now.
    if (tookMs >= checkingMs) return
    try {
      if (found === null) {
        await hot.apply([{ op: 'remove', key }])
        return
      }
      const [newest] = await hot.apply([{ op: 'read', key: versionKey }])
      // Another process checks the changed backends, and knows better.
      if (newest !== version) return
      const [, round] = await hot.apply([
        { op: 'write', key: foundKey, value: JSON.stringify(found), ttlMs: knownMs },
        { op: 'increment', key: roundKey, ttlMs: 24 * 3_600_000 },
        { op: 'write', key, value: 'taken', ttlMs: Math.max(1, turnMs - tookMs) },
      ])
      seen = String(round)
    } catch {
      // Nobody hears of it; whoever takes the next turn finds out by itself.
    }
  }

  /** What was published last; null = nothing is known, or the hot state is away. Never rejects. */
  async function peek(): Promise<Found | null> {
    try {
      const [text] = await hot.apply([{ op: 'read', key: foundKey }])
      return parse(text)
    } catch {
      return null
    }
  }

  return { begin, peek }
}

type Times = ReturnType<typeof timesOf>

/** Of a turn that begins now, milliseconds. */
function timesOf({ check_interval: intervalMs, check_timeout }: TurnParts['settings']) {
  const checkingMs = check_timeout + preparationMs
  return {
    intervalMs,
    turnMs: Math.floor(intervalMs * turnShare),
    checkingMs,
    // When nobody has looked for so long, nothing is known any more, as after a start.
    knownMs: 3 * intervalMs + checkingMs,
  }
}

const parse = (text: string | null): Found | null => (text === null ? null : JSON.parse(text))
