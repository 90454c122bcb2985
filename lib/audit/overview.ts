/** The figures of a stretch of time, from counts and tops alone: the auth log is never read, however long it is. */
import { sql } from 'kysely'
import { z } from 'zod'
import type { Database } from '../database/schema.ts'
import { parseInput } from '../input.ts'
import { countActiveUsers } from './active-users.ts'
import { addSums, emptySums, numbersOf, quantile, type Sums, sumColumns } from './histogram.ts'
import { dayMs, floorTo, hourMs, minuteMs } from './times.ts'
import { readTops, type Tops } from './tops.ts'

const overviewQuery = z.strictObject({
  /** UTC milliseconds. Default: 24 hours ago. */
  since: z.int('must be UTC milliseconds').optional(),
})

export interface Overview {
  /** UTC milliseconds: the first step's start, and now. */
  since: number
  until: number
  /** Milliseconds that an entry of `series` stands for: a minute, an hour or a day. */
  step: number
  attempts: number
  succeeded: number
  failed: number
  /** Distinct users with a success in the last 15 minutes. */
  activeUsers: number
  /** Milliseconds, the wait that slows guessing not included; null = no attempts. */
  durations: { mean: number | null; p50: number | null; p95: number | null; p99: number | null }
  /** Oldest first; steps without attempts are left out. */
  series: { start: number; protocol: string; result: string; count: number }[]
  /** Most frequent first. */
  reasons: { reason: string; count: number }[]
  /** A month at most. */
  tops: Tops
}

/** Up to so long by the minute, up to so long by the hour, else by the day. */
const mostByMinute = 6 * hourMs
const mostByHour = 14 * dayMs
const topsAtMost = 31 * dayMs

/**
 * @param input `{ since? }`
 * @throws Refusal for a bad field
 */
export async function readOverview(
  { logDb, clock }: { logDb: Database; clock: () => number },
  input: unknown,
): Promise<Overview> {
  const until = clock()
  const { since: wanted = until - dayMs } = parseInput(overviewQuery, input)
  const range = until - wanted
  const step = range <= mostByMinute ? minuteMs : range <= mostByHour ? hourMs : dayMs
  const since = floorTo(step, wanted)
  const sources = sourcesOf(since, until, step)
  const [series, sums, activeUsers, tops] = await Promise.all([
    Promise.all(sources.map(source => readSeries(logDb, source, step))),
    Promise.all(sources.map(source => readSums(logDb, source))),
    countActiveUsers(logDb, until),
    readTops(logDb, Math.max(since, until - topsAtMost), until),
  ])
  return {
    since,
    until,
    step,
    ...summarise(sums.flat()),
    activeUsers,
    series: mergeSeries(series.flat()),
    tops,
  }
}

/** Where the counts of a part of the range stand; both times are starts, the second one not included. */
interface Source {
  span: 'minute' | 'hour' | 'day'
  from: number
  until: number
}

/** The job that rolls up may be some minutes late: the last two hours are always read as minutes, as are the days in hours. */
function sourcesOf(since: number, now: number, step: number): Source[] {
  const minutesFrom = step === minuteMs ? since : Math.max(since, floorTo(hourMs, now) - hourMs)
  const hoursFrom = step === dayMs ? Math.max(since, floorTo(dayMs, minutesFrom)) : since
  const sources: Source[] = [
    { span: 'day', from: since, until: hoursFrom },
    { span: 'hour', from: hoursFrom, until: minutesFrom },
    { span: 'minute', from: minutesFrom, until: now + 1 },
  ]
  return sources.filter(({ from, until }) => from < until)
}

/** The counts of a source, whichever table they are in. */
function selectCounts(db: Database, { span, from, until }: Source) {
  const minutes = db
    .selectFrom('auth_stats')
    .select(['minute as start', 'protocol', 'result', 'reason', ...sumColumns])
    .where('minute', '>=', from)
    .where('minute', '<', until)
  const rollUps = db
    .selectFrom('auth_rollups')
    .select(['start', 'protocol', 'result', 'reason', ...sumColumns])
    .where('span', '=', span === 'day' ? 'day' : 'hour')
    .where('start', '>=', from)
    .where('start', '<', until)
  return db.selectFrom((span === 'minute' ? minutes : rollUps).as('counts'))
}

type Point = Overview['series'][number]

function readSeries(db: Database, source: Source, step: number): Promise<Point[]> {
  const start = sql<number>`${sql.ref('start')} - ${sql.ref('start')} % ${sql.lit(step)}`
  return selectCounts(db, source)
    .select([start.as('start'), 'protocol', 'result'])
    .select(eb => eb.fn.sum<number>('count').as('count'))
    .groupBy([start, 'protocol', 'result'])
    .execute()
}

/** Sources meet in one step: today's hours and its last minutes. */
function mergeSeries(points: Point[]): Point[] {
  const merged = new Map<string, Point>()
  for (const { start, protocol, result, count } of points) {
    const key = `${start} ${protocol} ${result}`
    const before = merged.get(key)?.count ?? 0
    merged.set(key, { start: Number(start), protocol, result, count: before + Number(count) })
  }
  return [...merged.values()].sort((a, b) => a.start - b.start)
}

type Counts = Sums & { result: string; reason: string }

async function readSums(db: Database, source: Source): Promise<Counts[]> {
  const rows = await selectCounts(db, source)
    .select(['result', 'reason'])
    .select(eb => sumColumns.map(column => eb.fn.sum(column).as(column)))
    .groupBy(['result', 'reason'])
    .execute()
  return rows.map(row => ({ ...numbersOf(row), result: row.result, reason: row.reason }))
}

function summarise(counts: Counts[]) {
  const all = emptySums()
  const reasons = new Map<string, number>()
  let succeeded = 0
  for (const row of counts) {
    addSums(all, row)
    reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + row.count)
    if (row.result === 'success') succeeded += row.count
  }
  return {
    attempts: all.count,
    succeeded,
    failed: all.count - succeeded,
    durations: {
      mean: all.count === 0 ? null : all.duration_sum_ms / all.count,
      p50: quantile(all, 0.5),
      p95: quantile(all, 0.95),
      p99: quantile(all, 0.99),
    },
    reasons: Array.from(reasons, ([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count),
  }
}
