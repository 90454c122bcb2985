/** Statistics of processes that stand still between calls: nothing counts in them, so it is counted from the auth log. */
import type { Database } from '../database/schema.ts'
import { rebuildOwn } from './recount.ts'
import { minuteMs } from './times.ts'

interface CountServices {
  db: Database
  logDb: Database
  clock: () => number
  /** The name that all such processes share. */
  node: string
}

/** As far back as `rebuildOwn` counts. */
const backMs = 10 * minuteMs
const rowsPerStatement = 500

/** A job, for one process at a time. Doing it twice changes nothing. */
export async function countFromLog(services: CountServices): Promise<void> {
  const { db, logDb, clock, node } = services
  await rebuildOwn(services, clock())
  const rows = await logDb
    .selectFrom('auth_log')
    .select(eb => ['user', eb.fn.max('time').as('last_success_at')])
    .where('time', '>=', clock() - backMs)
    .where('node', '=', node)
    .where('result', '=', 'success')
    .groupBy('user')
    .orderBy('user')
    .execute()
  for (let i = 0; i < rows.length; i += rowsPerStatement) {
    await db
      .replaceInto('active_users')
      .values(rows.slice(i, i + rowsPerStatement))
      .execute()
  }
}
