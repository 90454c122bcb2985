/** What the auth log says of a minute, where what was counted on the way is not to be trusted. */
import { type RawBuilder, sql } from 'kysely'
import type { AuthStatsRow, Database } from '../database/schema.ts'
import { bucketColumns, edges, numbersOf } from './histogram.ts'
import { floorTo, hourMs, minuteMs } from './times.ts'

/** Counts of older minutes are deleted, those of hours and days stay. */
export const minutesKeptMs = 7 * 24 * hourMs
/** Younger minutes are counted by the processes that write them; of older ones the log alone says what is in them. */
export const settledMs = 2 * minuteMs
const rowsPerStatement = 500

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
export async function countMinutes(
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
