/** Transactions that may meet others. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import { isContention } from './dialect.ts'
import type { Database, Tables } from './schema.ts'

/** With a lock wait of 2 s (mysql.ts), all of them together end before a login's deadline. */
const mostTries = 3
const longestPauseMs = 50

/**
 * Does the work in one transaction. Where it loses against another one (a deadlock, a lock that is not given up), all of
 * it is rolled back and done again: it must leave no trace but in the database.
 * @throws what the work throws, or the loss when it has lost three times; then nothing was done
 */
export function inTransaction<T>(db: Database, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  return persistently(() => db.transaction().execute(work))
}

/** The same for one statement. */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === mostTries || !isContention(error)) throw error
      await wait(Math.random() * longestPauseMs)
    }
  }
}
