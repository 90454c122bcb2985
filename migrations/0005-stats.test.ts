import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../infra/e2e/databases.ts'
import { bucketColumns } from '../lib/audit/histogram.ts'
import { migrateDown, migrateUp } from '../lib/database/migrate.ts'
import { migrations } from './index.ts'

const last = '0005-stats'
const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < last))
const all = Object.fromEntries(Object.entries(migrations).filter(([name]) => name <= last))

let databases: TestDatabase

beforeEach(async () => {
  databases = await createTestDatabase()
})
afterEach(() => databases.close())

const readRows = () => databases.db.selectFrom('auth_log').selectAll().execute()
const readTables = async () => (await databases.db.introspection.getTables()).map(({ name }) => name)

test('up, down and up again with rows present', async () => {
  const { db } = databases
  await migrateUp(db, before)
  await sql
    .raw(`insert into auth_log (request_id, time, user, client_address, protocol, method, result, reason,
    duration_ms, attempt, tls)
    values ('r1', 5, 'joe@example.com', '198.51.100.7', 'imap', 'plain', 'failed', 'wrong_password', 1, 1, '')`)
    .execute(db)
  const old = await readRows()
  await migrateUp(db, all)
  expect(await readRows()).toEqual(old.map(row => ({ ...row, node: '' })))
  expect(await readTables()).toEqual(expect.arrayContaining(['auth_rollups', 'auth_tops', 'active_users']))
  await migrateDown(db, all)
  expect(await readRows()).toEqual(old)
  expect(await readTables()).not.toContain('auth_rollups')
  await migrateUp(db, all)
  expect(await readRows()).toEqual(old.map(row => ({ ...row, node: '' })))
})

test('the tables have a column for every bucket', async () => {
  const { db } = databases
  await migrateUp(db, all)
  const tables = await db.introspection.getTables()
  for (const table of ['auth_stats', 'auth_rollups']) {
    const columns = tables.find(({ name }) => name === table)!.columns.map(({ name }) => name)
    expect(columns.filter(name => name.startsWith('ms_'))).toEqual(bucketColumns)
  }
})
