import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../infra/e2e/databases.ts'
import { searchTextOf } from '../lib/ban/search-text.ts'
import { migrateDown, migrateUp } from '../lib/database/migrate.ts'
import { migrations } from './index.ts'

const last = '0012-searches'
const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < last))
const all = Object.fromEntries(Object.entries(migrations).filter(([name]) => name <= last))

let databases: TestDatabase
beforeEach(async () => {
  databases = await createTestDatabase()
})
afterEach(() => databases.close())

const read = () => databases.db.selectFrom('ip_blacklist').selectAll().orderBy('id').execute()

test('up, down and up again with rows present: each is found by the same text as a new one', async () => {
  const { db } = databases
  await migrateUp(db, before)
  const notes = ['SPAM\nfrom there', 'Ä\u0308 100%_', 'x'.repeat(1_000), '']
  const rows = Array.from({ length: 1_203 }, (_, i) => ({
    id: `b${String(i).padStart(5, '0')}`,
    note: notes[i % 4]!,
  }))
  for (let at = 0; at < rows.length; at += 400) {
    const values = rows
      .slice(at, at + 400)
      .map(
        ({ id, note }, i) => sql`(${id}, ${`10.0.${i % 256}.0/24`}, 'manual', ${note}, 'Joe', 5, null, 0, 1)`,
      )
    await sql`insert into ip_blacklist (id, cidr, event_type, note, author, starts_at, ends_at, level, version)
      values ${sql.join(values)}`.execute(db)
  }
  const old = await read()
  await migrateUp(db, all)
  const expected = old.map(row => ({ ...row, search_text: searchTextOf(row) }))
  expect(await read()).toEqual(expected)
  await migrateDown(db, all)
  expect(await read()).toEqual(old)
  await migrateUp(db, all)
  expect(await read()).toEqual(expected)
})
