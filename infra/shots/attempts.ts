/** Thirty days of attempts, up to now, and what is counted of them. */
import { sql } from 'kysely'
import { rebuildStats } from '../../lib/audit/rebuild.ts'
import type { AuthLogRow } from '../../lib/database/schema.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { makeRows } from '../bench/log-rows.ts'

const rowsPerInsert = 500
/** Wide ones are there in any log, and need room. */
const longAddress = {
  client_address: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
  client_network: '2001:db8:85a3::/48',
}

interface Attempts {
  count: number
  /** So many mailboxes there are: user0@example.com and on. */
  mailboxes: number
  /** `host:port` where the generated row names a backend. */
  placeOf(host: string, protocol: string): string
}

export async function writeAttempts(
  services: Services,
  { count, mailboxes, placeOf }: Attempts,
): Promise<void> {
  const { db, node } = services
  const dress = (row: AuthLogRow, i: number): AuthLogRow => ({
    ...row,
    node,
    user: row.user.replace(/^user(\d+)/, (_, n) => `user${Number(n) % mailboxes}`),
    backend: row.backend && placeOf(row.backend.split(':')[0]!, row.protocol),
    ...(i % 40 === 0 && longAddress),
  })
  let waiting: AuthLogRow[] = []
  let made = 0
  for (const row of makeRows(count, services.clock())) {
    waiting.push(dress(row, made++))
    if (waiting.length < rowsPerInsert && made < count) continue
    await db.insertInto('auth_log').values(waiting).execute()
    waiting = []
  }
  for (let since: number | null | undefined; since !== null; )
    since = (await rebuildStats(services, { since })).next
  await sql`insert into active_users select user, max(time) from auth_log where result = 'success' group by user`.execute(
    db,
  )
}
