import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../infra/e2e/databases.ts'
import { migrateDown, migrateUp } from '../lib/database/migrate.ts'
import { inTransaction } from '../lib/database/transaction.ts'
import { takeVersion } from '../lib/database/version.ts'
import * as initial from './0001-initial.ts'
import * as guessing from './0002-guessing.ts'

const first: Record<string, Migration> = { '0001-initial': initial }
const both: Record<string, Migration> = { ...first, '0002-guessing': guessing }

let databases: TestDatabase

beforeEach(async () => {
  databases = await createTestDatabase()
})
afterEach(() => databases.close())

const run = (statement: string) => sql.raw(statement).execute(databases.db)

/** Rows as the version before wrote them: by the columns that it had. */
async function addOldRows(): Promise<void> {
  await run(`insert into users (id, name, login, domain, password_hash, owner, enabled, protocols, version,
    credential_version, created_at, updated_at)
    values ('u1', 'joe@example.com', 'Joe@example.com', 'example.com', 'x', '', 1, 'imap', 1, 1, 5, 5)`)
  await run(`insert into auth_log (request_id, time, user, client_address, protocol, method, result, reason,
    duration_ms, attempt, tls)
    values ('r1', 5, 'joe@example.com', '198.51.100.7', 'imap', 'plain', 'failed', 'wrong_password', 1, 1, '')`)
  await run(`insert into ip_blacklist (id, cidr, event_type, note, author, starts_at, ends_at)
    values ('b1', '198.51.100.0/24', 'manual', 'old', 'Joe', 5, null)`)
  await run(
    `insert into known_networks (user_id, network, last_success_at) values ('u1', '198.51.100.0/24', 5)`,
  )
}

const readAll = (table: 'users' | 'auth_log' | 'ip_blacklist' | 'known_networks') =>
  databases.db.selectFrom(table).selectAll().orderBy(sql`1`).execute()
const readEverything = () =>
  Promise.all((['users', 'auth_log', 'ip_blacklist', 'known_networks'] as const).map(readAll))

test('a database of the version before keeps its rows, with nothing counted so far', async () => {
  const { db } = databases
  await migrateUp(db, first)
  await addOldRows()
  const [users, attempts, bans, networks] = await readEverything()
  await migrateUp(db, both)
  expect(await readEverything()).toEqual([
    users!.map(row => ({ ...row, guesses: 0 })),
    attempts!.map(row => ({ ...row, count: 1, counters: '', client_network: '' })),
    bans!.map(row => ({ ...row, evidence: null, level: 0, lifted_at: null, version: 0 })),
    networks,
  ])
})

test('down with rows present leaves what the version before knows, and up again works on', async () => {
  const { db } = databases
  await migrateUp(db, first)
  await addOldRows()
  const before = await readEverything()
  await migrateUp(db, both)
  const takeBanVersion = () => inTransaction(db, trx => takeVersion(trx, 'ban_version'))
  const version = await takeBanVersion()
  await run(`insert into ip_blacklist (id, cidr, event_type, note, author, starts_at, ends_at, level, version)
    values ('b2', '203.0.113.0/24', 'manual', 'new', 'Joe', 1000, 6000, 0, ${version})`)
  await db.updateTable('users').set({ guesses: 7 }).execute()
  const exception = { id: 'e1', cidr: '203.0.113.7/32', note: '', author: '', created_at: 5 }
  for (const kind of ['allow', 'shared'] as const) {
    await db
      .insertInto('ip_exceptions')
      .values({ ...exception, id: kind, kind })
      .execute()
  }

  await migrateDown(db, both)
  const [users, attempts, bans, networks] = await readEverything()
  expect([users, attempts, networks]).toEqual([before[0], before[1], before[3]])
  expect(bans).toEqual([...before[2]!, expect.objectContaining({ cidr: '203.0.113.0/24', ends_at: 6_000 })])
  const tables = (await db.introspection.getTables()).map(({ name }) => name)
  expect(tables).not.toContain('ip_exceptions')

  await migrateUp(db, both)
  expect(await takeBanVersion()).toBe(version)
  expect((await readAll('ip_blacklist')).map(({ version }) => version)).toEqual([0, 0])
  expect(await readAll('users')).toMatchObject([{ id: 'u1', guesses: 0 }])
})
