import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrations } from '../../migrations/index.ts'
import { migrateDown, migrateUp, readMigrationStatus } from './migrate.ts'
import { type Databases, openSqlite } from './open.ts'

let folder: string
let databases: Databases

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-migrate-'))
  databases = openSqlite(join(folder, 'test.db'))
})
afterEach(async () => {
  await databases.close()
  rmSync(folder, { recursive: true })
})

const names = Object.keys(migrations).toSorted()
const steps = (direction: 'Up' | 'Down', of: string[]) => of.map(name => ({ name, direction }))
const readTables = async () => (await databases.db.introspection.getTables()).map(({ name }) => name)

/** A migration that a newer version would bring. */
const later = (up: Migration['up']): Record<string, Migration> => ({
  ...migrations,
  '9998-later': { up, down: async db => db.schema.dropTable('later').execute() },
})

const createLater: Migration['up'] = async db =>
  db.schema.createTable('later').addColumn('id', 'integer').execute()

test('up, down and up again, with their status', async () => {
  const { db } = databases
  const nothing = names.map(name => ({ name, appliedAt: null }))
  expect(await readMigrationStatus(db, migrations)).toEqual(nothing)

  expect(await migrateUp(db, migrations)).toEqual(steps('Up', names))
  expect(await readTables()).toEqual(expect.arrayContaining(['users', 'auth_log', 'backends', 'sessions']))
  const done = names.map(name => ({ name, appliedAt: expect.stringMatching(/^\d{4}-.*Z$/) }))
  expect(await readMigrationStatus(db, migrations)).toEqual(done)

  await db.insertInto('system_config').values({ name: 'kept', value: 'x', updated_at: 1 }).execute()
  expect(await migrateUp(db, migrations)).toEqual([])
  const kept = await db.selectFrom('system_config').selectAll().where('name', '=', 'kept').execute()
  expect(kept).toHaveLength(1)

  for (const name of names.toReversed())
    expect(await migrateDown(db, migrations)).toEqual(steps('Down', [name]))
  expect(await readTables()).toEqual([])
  expect(await migrateDown(db, migrations)).toEqual([])
  expect(await migrateUp(db, migrations)).toEqual(steps('Up', names))
})

test('down takes back one migration, the newest', async () => {
  const { db } = databases
  const two = later(createLater)
  expect(await migrateUp(db, two)).toEqual(steps('Up', [...names, '9998-later']))
  expect(await migrateDown(db, two)).toEqual(steps('Down', ['9998-later']))
  expect(await readTables()).toContain('users')
  expect(await readTables()).not.toContain('later')
})

test('a migration that fails half way leaves nothing of itself', async () => {
  const { db } = databases
  await migrateUp(db, migrations)
  const before = await readTables()
  const failing = later(async each => {
    await createLater(each)
    await sql`insert into nowhere values (1)`.execute(each)
  })
  await expect(migrateUp(db, failing)).rejects.toThrow(/no such table: nowhere/)
  expect(await readTables()).toEqual(before)
  expect((await readMigrationStatus(db, failing)).at(-1)).toEqual({ name: '9998-later', appliedAt: null })
  expect(await migrateUp(db, later(createLater))).toEqual(steps('Up', ['9998-later']))
})

test('a database of a newer version is refused in one line, and left alone', async () => {
  const { db } = databases
  await migrateUp(db, later(createLater))
  const tables = await readTables()
  const refused =
    /^the database was made by a newer version: this one does not know its migration 9998-later; .+$/
  await expect(migrateUp(db, migrations)).rejects.toThrow(refused)
  await expect(migrateDown(db, migrations)).rejects.toThrow(refused)
  await expect(readMigrationStatus(db, migrations)).rejects.toThrow(refused)
  expect(await readTables()).toEqual(tables)
})
