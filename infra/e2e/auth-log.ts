/** Rows of the auth log for tests that need some, whatever they tell. */
import type { AuthLogRow, Database } from '../../lib/database/schema.ts'

/** A success of a phone; what matters to a test it gives itself. */
export const someAttempt: Omit<AuthLogRow, 'request_id' | 'time'> = {
  user: 'joe@example.com',
  client_address: '192.0.2.7',
  protocol: 'imap',
  method: 'plain',
  result: 'success',
  reason: 'ok',
  backend: null,
  duration_ms: 1,
  attempt: 1,
  tls: '',
}

const rowsPerInsert = 500

export async function insertAttempts(db: Database, rows: AuthLogRow[]): Promise<void> {
  for (let i = 0; i < rows.length; i += rowsPerInsert)
    await db
      .insertInto('auth_log')
      .values(rows.slice(i, i + rowsPerInsert))
      .execute()
}
