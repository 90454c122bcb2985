/** Mailboxes of every state. */
import { hashSync } from 'bcryptjs'
import { hourMs, minuteMs } from '../../lib/audit/times.ts'
import { newId } from '../../lib/id.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { verbs } from '../adapter/verbs.ts'

/** All mailboxes have it. */
export const mailboxPassword = 'correct horse battery staple'

export const shown = {
  codes: 'user0@example.com',
  pending: 'user1@example.com',
  locked: 'user2@example.com',
  closed: 'user3@example.com',
  disabled: 'user4@example.com',
  long: `${'a-very-long-name-of-a-mailbox'.repeat(2)}@department.branch-office.example.com`,
} as const

const departments = ['Sales', '财务部', 'Support', '研发中心', 'Human resources', 'Warehouse, gate 3']
const protocols = [['imap', 'pop3', 'smtp'], ['imap', 'smtp'], ['imap']]

export async function addMailboxes(services: Services, count: number): Promise<void> {
  const password_hash = hashSync(mailboxPassword, 10)
  const names = [...Array.from({ length: count - 1 }, (_, n) => `user${n}@example.com`), shown.long]
  const rows = names.map((name, n) => ({
    line: n + 2,
    fields: {
      name,
      password_hash,
      owner: n % 7 === 6 ? '' : `${departments[n % departments.length]} ${n}`,
      protocols: protocols[n % protocols.length],
      enabled: n % 50 !== 4,
      ...(n % 9 === 5 && { pool: 'archive' }),
    },
  }))
  // The time of the import: all of them would be of this minute.
  const clock = () => services.clock() - 20 * 24 * hourMs
  const { failed, errors } = await verbs['user import']({ ...services, clock }, { rows })
  if (failed > 0) throw new Error(`${errors[0]?.field} ${errors[0]?.message}`)
  for (const name of [shown.codes, shown.pending]) await verbs['user totp enable'](services, { name })
  await verbs['user totp confirm'](services, { name: shown.codes, code: null })
  await services.db.updateTable('users').set({ guesses: 100 }).where('name', '=', shown.closed).execute()
  await services.db.updateTable('users').set({ guesses: 37 }).where('name', '=', shown.long).execute()
  await addHistory(services)
}

/** Networks and grants of the mailbox with codes. */
async function addHistory({ db, clock }: Services): Promise<void> {
  const user = await db
    .selectFrom('users')
    .select(['id', 'credential_version'])
    .where('name', '=', shown.codes)
    .executeTakeFirstOrThrow()
  const now = clock()
  const networks = ['100.64.0.0/24', '198.51.100.0/24', '2001:db8:85a3::/48']
  for (const [n, network] of networks.entries()) {
    const used_at = now - (n * 30 + 5) * minuteMs
    await db
      .insertInto('known_networks')
      .values({ user_id: user.id, network, last_success_at: used_at })
      .execute()
    const grant = {
      id: newId(),
      user_id: user.id,
      digest: newId(),
      network,
      step: Math.floor(used_at / 30_000),
    }
    const times = { created_at: used_at - hourMs, used_at, ended_at: n === 1 ? now - minuteMs : null }
    const rest = {
      credential_version: user.credential_version,
      roamed: n === 2 ? (1 as const) : (0 as const),
    }
    await db
      .insertInto('grants')
      .values({ ...grant, ...times, ...rest })
      .execute()
  }
}
