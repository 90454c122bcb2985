/** Hours and days of the statistics: sums over minutes and processes. */
import { type SelectQueryBuilder, sql, type Transaction } from 'kysely'
import type { Database, Tables } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { sumColumns } from './histogram.ts'
import { dayMs, floorTo, hourMs } from './times.ts'

const labels = ['protocol', 'result', 'reason'] as const

/** Sums up an hour, and its day, once more, in one transaction. Doing it twice changes nothing. */
export async function rollUp(db: Database, hour: number): Promise<void> {
  await inTransaction(db, trx => rollUpIn(trx, hour))
}

export async function rollUpIn(trx: Transaction<Tables>, hour: number): Promise<void> {
  const day = floorTo(dayMs, hour)
  const minutes = trx
    .selectFrom('auth_stats')
    .where('minute', '>=', hour)
    .where('minute', '<', hour + hourMs)
  const hours = trx
    .selectFrom('auth_rollups')
    .where('span', '=', 'hour')
    .where('start', '>=', day)
    .where('start', '<', day + dayMs)
  await replaceSums(trx, 'hour', hour, minutes as never)
  await replaceSums(trx, 'day', day, hours as never)
}

async function replaceSums(
  trx: Transaction<Tables>,
  span: 'hour' | 'day',
  start: number,
  from: SelectQueryBuilder<Tables, 'auth_rollups', object>,
): Promise<void> {
  await trx.deleteFrom('auth_rollups').where('span', '=', span).where('start', '=', start).execute()
  await trx
    .insertInto('auth_rollups')
    .columns(['span', 'start', ...labels, ...sumColumns])
    .expression(
      from
        .select([sql.lit(span).as('span'), sql.lit(start).as('start'), ...labels])
        .select(eb => sumColumns.map(column => eb.fn.sum(column).as(column)))
        .groupBy(labels),
    )
    .execute()
}

/** Every hour that may have changed since the last time, from the newest that is there. A job: one process does it for all. */
export async function rollUpRecent({ db, clock }: { db: Database; clock: () => number }): Promise<void> {
  const newest = await db
    .selectFrom('auth_rollups')
    .select('start')
    .where('span', '=', 'hour')
    .orderBy('start', 'desc')
    .limit(1)
    .executeTakeFirst()
  // The hour before as well: its last minutes may have been written after the last time.
  let from = Math.min(newest?.start ?? 0, floorTo(hourMs, clock())) - hourMs
  for (;;) {
    const next = await db
      .selectFrom('auth_stats')
      .select('minute')
      .where('minute', '>=', from)
      .orderBy('minute')
      .limit(1)
      .executeTakeFirst()
    if (!next) return
    const hour = floorTo(hourMs, next.minute)
    await rollUp(db, hour)
    from = hour + hourMs
  }
}
