/**
 * Counting attempts as they are written: in memory, and every second into the process's own rows of `auth_stats`, beside
 * the audit and never on a login's way. Rows are written with their whole counts, not with what was added: a write whose
 * answer was lost may be done again.
 */
import type { AuthLogRow, AuthStatsRow, Database } from '../database/schema.ts'
import { createActiveUsers } from './active-users.ts'
import { addSums, bucketOf, emptySums, type Sums } from './histogram.ts'
import { countOwn, minutesKeptMs, rebuildOwn, settledMs, writeRows } from './recount.ts'
import { rollUp } from './roll-up.ts'
import { floorTo, hourMs, minuteMs } from './times.ts'

export interface StatsServices {
  db: Database
  logDb: Database
  clock: () => number
  /** The process's name in `auth_stats`; no other one may have it at the same time. */
  node: string
  log: { warn(about: object, text: string): void }
}

export interface Stats {
  /** Takes in attempts whose rows are durable, each row one attempt. Waits for nothing and never throws. */
  count(rows: AuthLogRow[]): void
  /** Rows of earlier attempts have come into the log, of this process or another one: their minutes are counted again. */
  recount(rows: AuthLogRow[]): void
  /** Begins to write, after what a crash may have lost of the last minutes was counted again from the auth log. */
  start(): void
  /** Writes what is left. */
  stop(): Promise<void>
}

type Key = `${string} ${string} ${string}`
type Minute = Map<Key, Sums>

const flushMs = 1_000
/** Minutes that wait while the database is away; older ones are left to `stats rebuild`. */
const mostMinutes = 120

export function createStats(services: StatsServices): Stats {
  const { db, clock, node, log } = services
  const users = createActiveUsers(services)
  /** Counted and not yet in `totals`. */
  const fresh = new Map<number, Minute>()
  /** What the rows of a minute hold, or shall hold. */
  const totals = new Map<number, Minute>()
  const changed = new Set<number>()
  /** Minutes to be counted again when they are over, with the process that they are of. */
  const late = new Map<string, { minute: number; node: string }>()
  let recover: (() => Promise<void>) | null = null
  let failing = false
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()

  const takeFresh = async (old: number) => {
    for (const minute of [...fresh.keys()]) {
      // It may have been counted by a rebuild since: only the log says what is in it.
      if (minute < old) totals.set(minute, byKey(await countOwn(services, minute)))
      else {
        if (!totals.has(minute)) totals.set(minute, await readOwn(db, node, minute))
        for (const [key, sums] of fresh.get(minute) ?? []) addSums(sumsOf(totals.get(minute)!, key), sums)
      }
      fresh.delete(minute)
      changed.add(minute)
    }
  }

  const recountLate = async (old: number): Promise<number[]> => {
    const due = [...late].filter(([, { minute }]) => minute < old)
    for (const [key, { minute, node }] of due) {
      // Before it is counted: what comes meanwhile is counted the next time.
      late.delete(key)
      try {
        await writeRows(db, await countOwn({ logDb: services.logDb, node }, minute))
      } catch (error) {
        late.set(key, { minute, node })
        throw error
      }
    }
    return due.map(([, { minute }]) => minute)
  }

  const write = async () => {
    if (recover) await recover()
    recover = null
    const now = clock()
    await takeFresh(now - settledMs)
    const lateHours = new Set<number>()
    const rolledUp = floorTo(hourMs, now) - hourMs
    const noteHour = (minute: number) => {
      if (minute < rolledUp && minute > now - minutesKeptMs) lateHours.add(floorTo(hourMs, minute))
    }
    for (const minute of [...changed]) {
      await writeMinute(db, node, minute, totals.get(minute)!)
      changed.delete(minute)
      noteHour(minute)
    }
    for (const minute of await recountLate(now - settledMs)) noteHour(minute)
    for (const minute of totals.keys()) {
      if (minute < now - settledMs && !changed.has(minute)) totals.delete(minute)
    }
    // The job that rolls up has been there already.
    for (const hour of lateHours) await rollUp(db, hour)
    await users.write()
  }

  const flush = async () => {
    try {
      await write()
      failing = false
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'statistics cannot be written; they are kept and tried again')
      failing = true
    }
  }

  const flushLater = () => {
    timer = setTimeout(() => {
      running = flush().then(() => {
        if (timer) flushLater()
      })
    }, flushMs).unref()
  }

  return {
    count(rows) {
      for (const row of rows) {
        const minute = floorTo(minuteMs, row.time)
        const sums = sumsOf(minuteOf(fresh, minute), `${row.protocol} ${row.result} ${row.reason}`)
        sums.count += 1
        sums.duration_sum_ms += row.duration_ms
        sums[bucketOf(row.duration_ms)] += 1
        if (row.result === 'success') users.saw(row.user, row.time)
      }
      if (fresh.size > mostMinutes) fresh.delete(Math.min(...fresh.keys()))
    },
    recount(rows) {
      for (const { time, node } of rows) {
        const minute = floorTo(minuteMs, time)
        if (node) late.set(`${minute} ${node}`, { minute, node })
      }
    },
    start() {
      const startedAt = clock()
      recover = () => rebuildOwn(services, startedAt)
      flushLater()
    },
    async stop() {
      if (!timer) return
      clearTimeout(timer)
      timer = undefined
      await running
      await flush()
    },
  }
}

function minuteOf(minutes: Map<number, Minute>, minute: number): Minute {
  const known = minutes.get(minute) ?? new Map()
  minutes.set(minute, known)
  return known
}

function sumsOf(minute: Minute, key: Key): Sums {
  const known = minute.get(key) ?? emptySums()
  minute.set(key, known)
  return known
}

/** What a process of this name wrote of the minute before. */
async function readOwn(db: Database, node: string, minute: number): Promise<Minute> {
  const rows = await db
    .selectFrom('auth_stats')
    .selectAll()
    .where('minute', '=', minute)
    .where('node', '=', node)
    .execute()
  return byKey(rows)
}

const byKey = (rows: AuthStatsRow[]): Minute =>
  new Map(rows.map(row => [`${row.protocol} ${row.result} ${row.reason}`, row]))

async function writeMinute(db: Database, node: string, minute: number, totals: Minute): Promise<void> {
  const rows = Array.from(totals, ([key, sums]) => {
    const [protocol, result, reason] = key.split(' ') as [string, string, string]
    return { ...sums, minute, node, protocol, result, reason }
  })
  if (rows.length > 0) await db.replaceInto('auth_stats').values(rows).execute()
}
