/** Statistics counted again from the auth log, in steps; logins go on meanwhile. */
import { z } from 'zod'
import type { AuthStatsRow, Database } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { parseInput } from '../input.ts'
import { countMinutes, minutesKeptMs, settledMs, writeRows } from './recount.ts'
import { rollUpIn } from './roll-up.ts'
import { floorTo, hourMs, minuteMs } from './times.ts'
import { makeTops } from './tops.ts'

export interface RebuildServices {
  db: Database
  logDb: Database
  clock: () => number
  settings: { log: { retention: number } }
}

/** Read at once. */
const sliceMs = 10 * minuteMs

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
