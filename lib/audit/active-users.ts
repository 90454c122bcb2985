/** When each user last logged in, to count the active ones without the auth log. */
import type { Database } from '../database/schema.ts'
import { minuteMs } from './times.ts'

export interface ActiveUsers {
  /** Takes in a success. */
  saw(user: string, time: number): void
  /** Writes whom it saw, a user at most once a minute. @throws what the database throws; then it is tried again */
  write(): Promise<void>
}

const activeMs = 15 * minuteMs
const rowsPerStatement = 500
/** Who waits while the database is away; more are left out. */
const mostWaiting = 50_000

export function createActiveUsers({ db, clock }: { db: Database; clock: () => number }): ActiveUsers {
  const waiting = new Map<string, number>()
  /** Whom a write of the last minute holds, the oldest first. */
  const written = new Map<string, number>()

  return {
    saw(user, time) {
      if (time < (written.get(user) ?? 0) + minuteMs) return
      if (waiting.size < mostWaiting || waiting.has(user)) waiting.set(user, time)
    },
    async write() {
      // In one order, so that processes with the same users do not wait for each other in a circle.
      const rows = Array.from(waiting, ([user, last_success_at]) => ({ user, last_success_at }))
      rows.sort((a, b) => (a.user < b.user ? -1 : 1))
      for (let i = 0; i < rows.length; i += rowsPerStatement) {
        const some = rows.slice(i, i + rowsPerStatement)
        await db.replaceInto('active_users').values(some).execute()
        for (const { user, last_success_at } of some) {
          if (waiting.get(user) === last_success_at) waiting.delete(user)
          written.delete(user)
          written.set(user, last_success_at)
        }
      }
      forget(written, clock() - minuteMs)
    },
  }
}

function forget(written: Map<string, number>, before: number): void {
  for (const [user, time] of written) {
    if (time > before) return
    written.delete(user)
  }
}

/** Distinct users with a success in the last 15 minutes; one seen within a minute of that edge may be left out. */
export async function countActiveUsers(db: Database, now: number): Promise<number> {
  const { count } = await db
    .selectFrom('active_users')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('last_success_at', '>', now - activeMs)
    .executeTakeFirstOrThrow()
  return Number(count)
}
