/** Statistics counted again from the auth log, in steps; logins go on meanwhile. */
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { AuthStatsRow, Database } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { parseInput } from '../input.ts'
import { bucketColumns, edges, numbersOf } from './histogram.ts'
import { rollUpIn } from './roll-up.ts'
import { floorTo, hourMs, minuteMs } from './times.ts'
import { makeTops } from './tops.ts'

export interface RebuildServices {
  db: Database
  logDb: Database
  clock: () => number
  settings: { log: { retention: number } }
}

/** Counts of older minutes are deleted, those of hours and days stay. */
export const minutesKeptMs = 7 * 24 * hourMs
/** Younger minutes are counted by the processes that write them; of older ones the log alone says what is in them. */
export const settledMs = 2 * minuteMs
/** Read at once. */
const sliceMs = 10 * minuteMs
const rowsPerStatement = 500

const rebuildQuery = z.strictObject({
  /** UTC milliseconds; its whole hour is counted again. Default: the oldest row of the log. */
  since: z.int('must be UTC milliseconds').optional(),
})

export interface RebuildStep {
  /** The hour at which this step began, */
  from: number
  /** the hour to go on `since`; null = done, */
  next: number | null
  /** and the time up to which there is something to do. */
  until: number
  /** Attempts that were counted again. */
  attempts: number
}

/** A step ends with the first hour that is done after so long. */
const stepMs = 250

/**
 * Counts again what the log holds, hour by hour, one step of it. Minutes that are still being counted are left to those who
 * count them, and hours of which retention has deleted rows to what they are.
 * @throws Refusal for a bad field
 */
export async function rebuildStats(services: RebuildServices, input: unknown): Promise<RebuildStep> {
  const { since } = parseInput(rebuildQuery, input)
  const until = floorTo(minuteMs, services.clock() - settledMs)
  const from = Math.max(await findFirstHour(services), floorTo(hourMs, since ?? 0))
  const startedAt = performance.now()
  let [hour, attempts] = [from, 0]
  while (hour < until && performance.now() < startedAt + stepMs) {
    const counted = await rebuildHour(services, hour, until)
    attempts += counted
    hour = counted > 0 ? hour + hourMs : await findNextHour(services, hour + hourMs)
  }
  return { from, next: hour < until ? hour : null, until, attempts }
}

async function findFirstHour({ logDb, clock, settings }: RebuildServices): Promise<number> {
  const oldest = await logDb.selectFrom('auth_log').select('time').orderBy('time').limit(1).executeTakeFirst()
  const { retention } = settings.log
  const whole = retention === 0 ? 0 : floorTo(hourMs, clock() - retention) + hourMs
  return Math.max(whole, floorTo(hourMs, oldest?.time ?? clock()))
}

/** The next one that has rows, or counts that may be wrong; without any: the end of time. */
async function findNextHour({ db, logDb }: RebuildServices, from: number): Promise<number> {
  const [row, minute, hour] = await Promise.all([
    logDb
      .selectFrom('auth_log')
      .select('time')
      .where('time', '>=', from)
      .orderBy('time')
      .limit(1)
      .executeTakeFirst(),
    db
      .selectFrom('auth_stats')
      .select('minute as time')
      .where('minute', '>=', from)
      .orderBy('minute')
      .limit(1)
      .executeTakeFirst(),
    db
      .selectFrom('auth_rollups')
      .select('start as time')
      .where('span', '=', 'hour')
      .where('start', '>=', from)
      .orderBy('start')
      .limit(1)
      .executeTakeFirst(),
  ])
  const times = [row, minute, hour].flatMap(found => found?.time ?? [])
  return floorTo(hourMs, Math.min(...times))
}

async function rebuildHour(services: RebuildServices, hour: number, until: number): Promise<number> {
  const { db, logDb, clock } = services
  const end = Math.min(hour + hourMs, until)
  const rows: AuthStatsRow[] = []
  for (let from = hour; from < end; from += sliceMs) {
    rows.push(...(await countMinutes(logDb, from, Math.min(from + sliceMs, end))))
  }
  await inTransaction(db, async trx => {
    const minutes = trx.deleteFrom('auth_stats').where('minute', '>=', hour).where('minute', '<', end)
    await minutes.execute()
    await writeRows(trx, rows)
    await rollUpIn(trx, hour)
    if (hour < clock() - minutesKeptMs) await minutes.execute()
  })
  await makeTops(services, hour)
  return rows.reduce((sum, { count }) => sum + count, 0)
}

/** How far a process looks back for what was counted in memory when it crashed. */
const ownMs = 10 * minuteMs

/** Counts again what the process of this name wrote in its last minutes before this start. */
export async function rebuildOwn(
  { db, logDb, node }: { db: Database; logDb: Database; node: string },
  startedAt: number,
): Promise<void> {
  const from = floorTo(minuteMs, startedAt - ownMs)
  await writeRows(db, await countMinutes(logDb, from, startedAt, node))
}

/** What the log holds of one minute from the process of this name; for `writeRows`. */
export function countOwn(
  { logDb, node }: { logDb: Database; node: string },
  minute: number,
): Promise<AuthStatsRow[]> {
  return countMinutes(logDb, minute, minute + minuteMs, node)
}

export async function writeRows(db: Database, rows: AuthStatsRow[]): Promise<void> {
  for (let i = 0; i < rows.length; i += rowsPerStatement) {
    await db
      .replaceInto('auth_stats')
      .values(rows.slice(i, i + rowsPerStatement))
      .execute()
  }
}

/** Counts attempts in the auth log per minute, process, protocol, result and reason, on the connection that no login uses. */
async function countMinutes(
  logDb: Database,
  from: number,
  until: number,
  node?: string,
): Promise<AuthStatsRow[]> {
  const minute = sql<number>`${sql.ref('time')} - ${sql.ref('time')} % ${sql.lit(minuteMs)}`
  const labels = ['node', 'protocol', 'result', 'reason'] as const
  const rows = await logDb
    .selectFrom('auth_log')
    .select([minute.as('minute'), ...labels])
    .select(eb => [
      eb.fn.sum<number>('count').as('count'),
      eb.fn.sum<number>(eb('count', '*', eb.ref('duration_ms'))).as('duration_sum_ms'),
      ...bucketColumns.map((column, i) => eb.fn.sum<number>(countIn(i)).as(column)),
    ])
    .where('time', '>=', from)
    .where('time', '<', until)
    .$if(node !== undefined, q => q.where('node', '=', node!))
    .groupBy([minute, ...labels])
    .execute()
  return rows.map(row => ({ ...row, ...numbersOf(row) }) as unknown as AuthStatsRow)
}

/** The attempts of a row that fall into a bucket. A row of many has the duration of its first. */
function countIn(bucket: number): RawBuilder<number> {
  const above = bucket === 0 ? -1 : edges[bucket - 1]!
  const upTo = edges[bucket] ?? Number.MAX_SAFE_INTEGER
  const ms = sql.ref('duration_ms')
  return sql`case when ${ms} > ${sql.lit(above)} and ${ms} <= ${sql.lit(upTo)} then ${sql.ref('count')} else 0 end`
}
