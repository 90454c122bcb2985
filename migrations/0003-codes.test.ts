import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../infra/e2e/databases.ts'
import { migrateDown, migrateUp } from '../lib/database/migrate.ts'
import * as initial from './0001-initial.ts'
import * as guessing from './0002-guessing.ts'
import * as codes from './0003-codes.ts'

const before: Record<string, Migration> = { '0001-initial': initial, '0002-guessing': guessing }
const all: Record<string, Migration> = { ...before, '0003-codes': codes }

let databases: TestDatabase

beforeEach(async () => {
  databases = await createTestDatabase()
})
afterEach(() => databases.close())

const run = (statement: string) => sql.raw(statement).execute(databases.db)
const readGrants = () => databases.db.selectFrom('grants').selectAll().execute()

test('up, down and up again with rows present', async () => {
  const { db } = databases
  await migrateUp(db, before)
  await run(`insert into users (id, name, login, domain, password_hash, owner, enabled, protocols, version,
    credential_version, created_at, updated_at)
    values ('u1', 'joe@example.com', 'Joe@example.com', 'example.com', 'x', '', 1, 'imap', 1, 1, 5, 5)`)
  await run(`insert into grants (id, user_id, digest, credential_version, network, created_at, used_at)
    values ('g1', 'u1', 'd', 1, '198.51.100.0/24', 5, 6)`)
  const old = await readGrants()
  await migrateUp(db, all)
  expect(await readGrants()).toEqual(old.map(row => ({ ...row, step: 0, roamed: 0, ended_at: null })))
  await db.updateTable('grants').set({ step: 7, roamed: 1, ended_at: 8 }).execute()
  await migrateDown(db, all)
  expect(await readGrants()).toEqual(old)
  await migrateUp(db, all)
  expect(await readGrants()).toEqual(old.map(row => ({ ...row, step: 0, roamed: 0, ended_at: null })))
})
