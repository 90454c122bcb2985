/** The networks that a mailbox has been used from, and what strangers have tried on it. */
import type { Database } from '../database/schema.ts'

/**
 * Remembers a success from a network. One from an unfamiliar network also ends the count of strangers' guesses: a
 * stranger who knows the password is none.
 */
export async function rememberNetwork(
  db: Database,
  accountId: string,
  network: string,
  now: number,
  wasFamiliar: boolean,
): Promise<void> {
  await db
    .insertInto('known_networks')
    .values({ user_id: accountId, network, last_success_at: now })
    .onConflict(conflict => conflict.columns(['user_id', 'network']).doUpdateSet({ last_success_at: now }))
    .execute()
  if (wasFamiliar) return
  await db
    .updateTable('users')
    .set({ guesses: 0 })
    .where('id', '=', accountId)
    .where('guesses', '>', 0)
    .execute()
}

/** Counts a stranger's wrong password. @returns the new count, 0 for a mailbox that is gone */
export async function countGuess(db: Database, accountId: string): Promise<number> {
  await db
    .updateTable('users')
    .set(eb => ({ guesses: eb('guesses', '+', 1) }))
    .where('id', '=', accountId)
    .execute()
  const row = await db.selectFrom('users').select('guesses').where('id', '=', accountId).executeTakeFirst()
  return row?.guesses ?? 0
}

export async function listNetworks(db: Database, accountId: string) {
  return db
    .selectFrom('known_networks')
    .select(['network', 'last_success_at as lastSuccessAt'])
    .where('user_id', '=', accountId)
    .orderBy('last_success_at', 'desc')
    .execute()
}
