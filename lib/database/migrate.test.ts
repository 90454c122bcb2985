import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, isMysql, type TestDatabase } from '../../infra/e2e/databases.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateDown, migrateUp, readMigrationStatus } from './migrate.ts'

let databases: TestDatabase

beforeEach(async () => {
  databases = await createTestDatabase()
})
afterEach(() => databases.close())

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

const failing = later(async each => {
  await createLater(each)
  await sql`insert into nowhere values (1)`.execute(each)
})

test('a migration that fails half way leaves nothing of itself, or says that something of it is left', async () => {
  const { db } = databases
  await migrateUp(db, migrations)
  const before = await readTables()
  const left = isMysql() ? ['later'] : []
  await expect(migrateUp(db, failing)).rejects.toThrow(
    isMysql()
      ? /nowhere.* doesn't exist; migration 9998-later may have stopped half way, .*: bring back a dump/
      : /^no such table: nowhere$/,
  )
  expect((await readTables()).toSorted()).toEqual([...before, ...left].toSorted())
  expect((await readMigrationStatus(db, failing)).at(-1)).toEqual({ name: '9998-later', appliedAt: null })
  for (const name of left) await db.schema.dropTable(name).execute()
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
