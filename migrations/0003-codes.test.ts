import { sql } from 'kysely'
import { test } from 'vitest'
import { upDownUp } from '../infra/e2e/migration.ts'

test('up, down and up again with rows present', () =>
  upDownUp('0003-codes', {
    async fill(db) {
      const run = (statement: string) => sql.raw(statement).execute(db)
      await run(`insert into users (id, name, login, domain, password_hash, owner, enabled, protocols, version,
        credential_version, created_at, updated_at)
        values ('u1', 'joe@example.com', 'Joe@example.com', 'example.com', 'x', '', 1, 'imap', 1, 1, 5, 5)`)
      await run(`insert into grants (id, user_id, digest, credential_version, network, created_at, used_at)
        values ('g1', 'u1', 'd', 1, '198.51.100.0/24', 5, 6)`)
    },
    read: db => db.selectFrom('grants').selectAll().execute(),
    after: old => old.map(row => ({ ...row, step: 0, roamed: 0, ended_at: null })),
    use: db => db.updateTable('grants').set({ step: 7, roamed: 1, ended_at: 8 }).execute(),
  }))
