/** Sign-ins of administrators. Ending one is effective at its next request, on every node. */
import type { Database } from '../database/schema.ts'
import type { Role } from './roles.ts'

/** A session in force, with what its administrator is now. */
export interface Session {
  id: string
  admin_id: string
  username: string
  role: Role
  /** Until the password is changed nothing else may be done. */
  must_change_password: boolean
}

/** @returns null when the session has ended, or its administrator is disabled or gone */
export async function readSession(
  { db, clock }: { db: Database; clock: () => number },
  id: string,
): Promise<Session | null> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('admin', 'admin.id', 'sessions.admin_id')
    .select(['sessions.id', 'admin_id', 'username', 'role', 'must_change_password'])
    .where('sessions.id', '=', id)
    .where('sessions.ends_at', '>', clock())
    .where('admin.enabled', '=', 1)
    .executeTakeFirst()
  return row ? { ...row, must_change_password: row.must_change_password === 1 } : null
}
