/** A database with enough in every table that reading one of them whole would be the wrong way. */
import { sql } from 'kysely'
import { rebuildStats } from '../../lib/audit/rebuild.ts'
import { insertBans } from '../../lib/ban/insert.ts'
import type { Database, Tables, User } from '../../lib/database/schema.ts'
import { newId } from '../../lib/id.ts'
import { listColumns } from '../../lib/mailbox/search-text.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { isMysql } from './databases.ts'

const minuteMs = 60_000
const rowsAtOnce = 500
const many = 5_000
const attempts = 12_000
/** Those of the log and of the lists are the same. */
export const nameOf = (i: number) => `user${i}@d${i % 3}.example`
export const addressOf = (i: number) => `198.51.${i % 100}.${i % 7}`
export const backendPlace = 'mail.example.com:143'

const rowsOf = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))

async function insert<T extends keyof Tables>(db: Database, table: T, rows: object[]): Promise<void> {
  for (let at = 0; at < rows.length; at += rowsAtOnce) {
    const some = rows.slice(at, at + rowsAtOnce)
    await db
      .insertInto(table)
      .values(some as never)
      .execute()
  }
}

const makeUser = (now: number) => (i: number) => {
  const user: User = {
    id: newId(),
    name: nameOf(i),
    login: nameOf(i),
    domain: `d${i % 3}.example`,
    password_hash: '',
    owner: `Owner ${i % 50}`,
    enabled: i % 7 === 0 ? 0 : 1,
    protocols: 'imap',
    pool: i % 4 === 0 ? 'p1' : null,
    version: 1,
    credential_version: 1,
    totp_secret: i % 6 < 2 ? 'sealed' : null,
    totp_confirmed: i % 6 === 0 ? 1 : 0,
    totp_last_step: 0,
    guesses: i % 500 === 0 ? 100 : 0,
    created_at: now - i * minuteMs,
    updated_at: now - (i % 1_000) * minuteMs,
  }
  return { ...user, ...listColumns(user) }
}

const makeAttempt = (now: number) => (i: number) => {
  const isWrong = i % 3 === 0
  return {
    request_id: newId(),
    time: now - i * minuteMs,
    user: nameOf(i % 2_000),
    client_address: addressOf(i),
    client_network: `198.51.${i % 100}.0/24`,
    protocol: ['imap', 'pop3', 'smtp'][i % 3]!,
    method: i % 2 === 0 ? 'plain' : 'login',
    result: isWrong ? 'failed' : 'success',
    reason: isWrong ? 'wrong_password' : 'ok',
    backend: isWrong ? null : backendPlace,
    duration_ms: i % 300,
    attempt: 1,
    tls: '',
    counters: isWrong ? 'user 5/5' : '',
    node: 'test',
    count: 1,
  }
}

/** @returns ids of some of what is there */
export async function fillTables({ db, logDb, hot, clock, settings }: Services) {
  const now = clock()
  const users = rowsOf(many, makeUser(now))
  const log = rowsOf(attempts, makeAttempt(now))
  const [backend_id, admin_id] = [newId(), newId()]
  const bans = rowsOf(many, i => ({
    id: newId(),
    cidr: `10.${i >> 8}.${i & 255}.0/24`,
    event_type: i % 10 === 0 ? ('address' as const) : ('manual' as const),
    note: `reason ${i}`,
    author: 'Joe',
    starts_at: now - i * minuteMs,
    ends_at: i % 5 === 0 ? null : now + (i % 2 === 0 ? 1 : -1) * minuteMs,
    evidence: null,
    level: 0,
    lifted_at: null,
  }))
  await insert(db, 'users', users)
  await insert(db, 'auth_log', log)
  await insertBans({ db, hot, clock }, bans)
  await insert(
    db,
    'operation_log',
    rowsOf(many, i => ({
      id: newId(),
      time: now - i * minuteMs,
      actor: `admin${i % 20}`,
      action: `user set${i % 30}`,
      target: nameOf(i),
      result: i % 9 === 0 ? 'failed' : 'success',
      client_address: '192.0.2.1',
      detail: '{}',
    })),
  )
  await insert(
    db,
    'notifications',
    rowsOf(many, i => ({
      id: newId(),
      kind: (['locked', 'new_network', 'totp_enrolled', 'attack'] as const)[i % 4],
      recipient: nameOf(i),
      topic: '',
      facts: '{}',
      state: i % 100 === 0 ? 'waiting' : i % 10 === 0 ? 'failed' : 'sent',
      tries: 1,
      due_at: now - i * minuteMs,
      error: '',
      created_at: now - i * minuteMs,
      ended_at: now,
    })),
  )
  const exceptions = rowsOf(many, i => ({
    id: newId(),
    kind: i % 2 === 0 ? 'allow' : 'shared',
    cidr: `172.${i >> 8}.${i & 255}.0/24`,
    note: `note ${i}`,
    author: 'Joe',
    created_at: now,
  }))
  await insert(db, 'ip_exceptions', exceptions)
  const backend = {
    id: backend_id,
    protocol: 'imap',
    host: 'mail.example.com',
    port: 143,
    weight: 1,
    tier: 0,
    state: 'active',
  }
  await insert(db, 'backends', [{ ...backend, created_at: now, updated_at: now }])
  await insert(
    db,
    'backend_events',
    rowsOf(many, i => ({
      id: newId(),
      backend_id: i % 5 === 0 ? backend_id : newId(),
      address: '192.0.2.9',
      time: now - i * minuteMs,
      up: i % 2,
      error: null,
      node: 'test',
    })),
  )
  const admins = rowsOf(40, i => ({ id: i === 0 ? admin_id : newId(), username: `admin${i}` }))
  await insert(
    db,
    'admin',
    admins.map(admin => ({
      ...admin,
      password_hash: '',
      role: 'auditor',
      enabled: 1,
      must_change_password: 0,
      totp_secret: null,
      version: 1,
      created_at: now,
      updated_at: now,
    })),
  )
  const ofUsers = users.slice(0, 2_000).flatMap(({ id }) => [id, id])
  await insert(
    db,
    'known_networks',
    ofUsers.map((user_id, i) => ({ user_id, network: `10.${i % 200}.0.0/24`, last_success_at: now })),
  )
  const noted = users
    .slice(0, 1_000)
    .map(({ name }, i) => ({ name, ends_at: now + ((i % 3) - 1) * minuteMs }))
  await insert(db, 'locked_names', noted)
  await insert(
    db,
    'grants',
    ofUsers.map((user_id, i) => ({
      id: newId(),
      user_id,
      digest: `digest ${i}`,
      credential_version: 1,
      network: '',
      created_at: now,
      used_at: now,
      step: i,
      roamed: 0,
      ended_at: null,
    })),
  )
  await insert(
    db,
    'sessions',
    rowsOf(2_000, i => ({
      id: newId(),
      admin_id: admins[i % 40]!.id,
      refresh_digest: '',
      created_at: now,
      used_at: now,
      ends_at: now + minuteMs,
    })),
  )
  await insert(
    db,
    'active_users',
    users.map(({ name }, i) => ({ user: name, last_success_at: now - i * minuteMs })),
  )
  for (let since: number | null | undefined; since !== null; )
    since = (await rebuildStats({ db, logDb, clock, settings }, { since })).next
  // What InnoDB does by itself some seconds later. SQLite is asked without, as in a gateway.
  if (isMysql()) {
    const { rows } = await sql<Record<string, string>>`show tables`.execute(db)
    for (const row of rows) await sql`analyze table ${sql.table(Object.values(row)[0]!)}`.execute(db)
  }
  return {
    user: users[7]!.name,
    attempt: log[7]!.request_id,
    ban: bans[7]!.id,
    exception: exceptions[7]!.id,
    backend: backend_id,
    admin: 'admin0',
  }
}
