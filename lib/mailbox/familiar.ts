/** The networks that a mailbox has been used from, and what strangers have tried on it. */
import { sql } from 'kysely'
import { orChange } from '../database/dialect.ts'
import type { Database } from '../database/schema.ts'
import { inTransaction, persistently } from '../database/transaction.ts'

/**
 * Remembers a success from a network.
 * @param endsCount whether it also ends the count of strangers' guesses: a stranger who knows the password is none
 */
export async function rememberNetwork(
  db: Database,
  accountId: string,
  network: string,
  now: number,
  endsCount: boolean,
): Promise<void> {
  await persistently(() =>
    db
      .insertInto('known_networks')
      .values({ user_id: accountId, network, last_success_at: now })
      .$call(orChange(db, ['user_id', 'network'], { last_success_at: now }))
      .execute(),
  )
  if (!endsCount) return
  await db
    .updateTable('users')
    .set({ guesses: 0 })
    .where('id', '=', accountId)
    // In a form that uses no index: one lock more, taken in another order than by those who count, would be a deadlock.
    .where(eb => eb(eb.fn.coalesce('guesses', sql.lit(0)), '>', 0))
    .execute()
}

/** Whether any user has ever logged in from a network: none that was forgotten since. */
export async function isFamiliarToAnybody(db: Database, network: string): Promise<boolean> {
  const row = await db
    .selectFrom('known_networks')
    .select('user_id')
    .where('network', '=', network)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Counts a stranger's wrong password. One step: of guesses that come at once each gets a number of its own, and so
 * exactly one of them reaches a limit. @returns the new count, 0 for a mailbox that is gone
 */
export async function countGuess(db: Database, accountId: string): Promise<number> {
  return inTransaction(db, async trx => {
    await trx
      .updateTable('users')
      .set(eb => ({ guesses: eb('guesses', '+', 1) }))
      .where('id', '=', accountId)
      .execute()
    const row = await trx.selectFrom('users').select('guesses').where('id', '=', accountId).executeTakeFirst()
    return row?.guesses ?? 0
  })
}

/** The same for a name that nobody has: counted as durably, so that an answer takes as long as for a mailbox. */
export async function countUnknownGuess(db: Database): Promise<void> {
  await inTransaction(db, async trx => {
    await trx
      .updateTable('system_config')
      .set({ value: sql`value + 1` })
      .where('name', '=', 'unknown_guesses')
      .execute()
    await trx
      .selectFrom('system_config')
      .select('value')
      .where('name', '=', 'unknown_guesses')
      .executeTakeFirst()
  })
}
