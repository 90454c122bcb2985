import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../infra/e2e/databases.ts'
import { upDownUp, upTo } from '../infra/e2e/migration.ts'
import { bucketColumns } from '../lib/audit/histogram.ts'
import { migrateUp } from '../lib/database/migrate.ts'

const name = '0005-stats'
const made = ['active_users', 'auth_rollups', 'auth_tops']

test('up, down and up again with rows present', () =>
  upDownUp(name, {
    fill: db =>
      sql
        .raw(`insert into auth_log (request_id, time, user, client_address, protocol, method, result, reason,
          duration_ms, attempt, tls)
          values ('r1', 5, 'joe@example.com', '198.51.100.7', 'imap', 'plain', 'failed', 'wrong_password', 1, 1, '')`)
        .execute(db),
    async read(db) {
      const there = new Set((await db.introspection.getTables()).map(({ name }) => name))
      const rows = await db.selectFrom('auth_log').selectAll().execute()
      return { rows, tables: made.filter(table => there.has(table)) }
    },
    after({ rows, tables }) {
      expect(tables).toEqual([])
      return { rows: rows.map(row => ({ ...row, node: '' })), tables: made }
    },
  }))

test('the tables have a column for every bucket', async () => {
  const { db, close } = await createTestDatabase()
  await migrateUp(db, upTo(name).all)
  const tables = await db.introspection.getTables()
  for (const table of ['auth_stats', 'auth_rollups']) {
    const columns = tables.find(({ name }) => name === table)!.columns.map(({ name }) => name)
    expect(columns.filter(name => name.startsWith('ms_'))).toEqual(bucketColumns)
  }
  await close()
})
