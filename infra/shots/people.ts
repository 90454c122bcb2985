/** Administrators with their sessions, and what they did: bans, settings, refused acts. */

import { makeFirstAdmin } from '../../lib/admin/first.ts'
import { dayMs, hourMs, minuteMs } from '../../lib/audit/times.ts'
import { insertBan } from '../../lib/ban/insert.ts'
import { newId } from '../../lib/id.ts'
import { recordRefused } from '../../lib/operation/record.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { verbs } from '../adapter/verbs.ts'
import { shown } from './mailboxes.ts'

const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'curl/8.14.1',
]

/** The services as somebody used them some time ago. */
const as = (services: Services, name: string, ago: number): Services => ({
  ...services,
  actor: { name, address: name === 'auditor' ? '2001:db8:85a3:8d3:1319:8a2e:370:7348' : '198.51.100.23' },
  clock: () => services.clock() - ago,
})

/** @returns the one-time password of `newcomer` */
export async function addPeople(services: Services, password: string): Promise<string> {
  await makeFirstAdmin(as(services, 'command line', 29 * dayMs), 'admin', password)
  const before = as(services, 'admin', 10 * dayMs)
  for (const role of ['operator', 'auditor'] as const)
    await verbs['admin add'](before, { username: role, role })
  await verbs['admin add'](before, { username: 'night-shift-of-the-second-data-centre', role: 'operator' })
  await verbs['admin set'](before, { username: 'auditor', changes: { enabled: false } })
  const { one_time_password } = await verbs['admin add'](before, { username: 'newcomer', role: 'operator' })
  const now = services.clock()
  await services.db
    .updateTable('admin')
    .set({ locked_until: now + 3 * hourMs, must_change_password: 0, last_signed_in_at: now - dayMs })
    .where('username', '=', 'operator')
    .execute()
  for (const username of ['admin', 'operator']) await addSessions(services, username)
  await addBans(services)
  await act(services)
  await addNotices(services)
  return one_time_password
}

async function addSessions({ db, clock }: Services, username: string): Promise<void> {
  const { id } = await db
    .selectFrom('admin')
    .select('id')
    .where('username', '=', username)
    .executeTakeFirstOrThrow()
  const now = clock()
  const rows = agents.map((user_agent, n) => ({
    id: newId(),
    admin_id: id,
    refresh_digest: newId(),
    created_at: now - (n + 1) * 5 * hourMs,
    used_at: now - n * 7 * minuteMs,
    ends_at: now + dayMs,
    client_address: n === 1 ? '2001:db8:85a3:8d3:1319:8a2e:370:7348' : '198.51.100.23',
    user_agent,
  }))
  await db.insertInto('sessions').values(rows).execute()
}

async function addBans(services: Services): Promise<void> {
  const automatic = { author: 'automatic', level: 0 }
  const users = Array.from({ length: 8 }, (_, n) => `user${n * 40}@example.com`)
  for (const [n, event_type] of (['address', 'network', 'spraying'] as const).entries()) {
    const starts_at = services.clock() - (n + 1) * 20 * minuteMs
    const cidr = ['198.18.3.9/32', '198.19.7.0/24', '2001:db8:bad::/48'][n]!
    const evidence = JSON.stringify({ counter: event_type, count: 20 + 30 * n, users })
    const ban = { ...automatic, event_type, cidr, evidence, level: n, note: `automatic: ${event_type}` }
    await insertBan(services, {
      ...ban,
      starts_at,
      ends_at: n === 2 ? starts_at + 30 * minuteMs : starts_at + dayMs,
    })
  }
  const byHand = as(services, 'operator', 3 * hourMs)
  await verbs['ban add'](byHand, {
    cidr: '203.0.113.0/24',
    duration: null,
    reason: 'a hosting company that attacks us',
  })
  const reason =
    'reported by the provider after a long correspondence, ticket 48213, see the attached list of addresses'
  const lifted = await verbs['ban add'](byHand, { cidr: '192.0.2.128/25', duration: 7 * dayMs, reason })
  await verbs['ban remove'](as(services, 'admin', hourMs), { ban: lifted.id })
  const list = Array.from({ length: 55 }, (_, n) => `198.51.${n + 101}.0/24 # from a list of last week`)
  await verbs['ban import'](byHand, { text: list.join('\n'), duration: 30 * dayMs, reason: 'a list' })
  await verbs['exception add'](byHand, { kind: 'allow', cidr: '10.0.0.0/8', note: 'our own offices' })
  await verbs['exception add'](byHand, {
    kind: 'shared',
    cidr: '10.0.0.5/32',
    note: 'webmail, twenty thousand people behind it',
  })
}

async function act(services: Services): Promise<void> {
  const { long, disabled } = shown
  await verbs['user set'](as(services, 'operator', 2 * hourMs), {
    name: long,
    changes: { owner: '', pool: 'archive' },
  })
  await verbs['user unlock'](as(services, 'operator', 100 * minuteMs), { name: long })
  await verbs['user disable'](as(services, 'admin', 95 * minuteMs), { name: disabled })
  const late = as(services, 'admin', 50 * minuteMs)
  await verbs['setting set'](late, { key: 'auth.fail_ttl', value: '20m' })
  await verbs['setting set'](late, { key: 'smtp.host', value: 'smtp.example.com' })
  await verbs['setting set'](late, { key: 'smtp.from', value: 'Mail gateway <gateway@example.com>' })
  const refusals = [
    ['user add', disabled, 'conflict', `there is already a mailbox ${disabled}`],
    ['setting set', 'auth.fail_ttl', 'invalid', 'auth.fail_ttl is not a duration; write 60s, 5m or 24h'],
    ['sign-in', 'operator', 'wrong_password', ''],
  ] as const
  for (const [action, target, code, message] of refusals)
    await recordRefused(as(services, 'operator', 30 * minuteMs), action, target, { code, message })
}

async function addNotices({ db, clock }: Services): Promise<void> {
  const now = clock()
  const states = [
    { kind: 'locked', state: 'sent', error: '', ended_at: now - 9 * minuteMs },
    { kind: 'totp_enrolled', state: 'waiting', error: 'connect ECONNREFUSED 192.0.2.25:587', ended_at: null },
    {
      kind: 'attack',
      state: 'failed',
      error: '550 5.1.1 no such user here, and no other one either',
      ended_at: now,
    },
    { kind: 'new_network', state: 'sent', error: '', ended_at: now - 3 * hourMs },
  ] as const
  const rows = states.map((notice, n) => ({
    ...notice,
    id: newId(),
    recipient: n === 2 ? 'postmaster@example.com' : `user${n}@example.com`,
    topic: '',
    facts: '{}',
    tries: n + 1,
    due_at: now + hourMs,
    created_at: now - (n + 1) * 10 * minuteMs,
  }))
  await db.insertInto('notifications').values(rows).execute()
}
