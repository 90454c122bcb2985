import { sql } from 'kysely'
import { test } from 'vitest'
import { upDownUp } from '../infra/e2e/migration.ts'
import { searchTextOf } from '../lib/mailbox/search-text.ts'

test('up, down and up again with rows present: each is found by the same text as a new one', () =>
  upDownUp('0009-mailbox-lists', {
    async fill(db) {
      const rows = Array.from({ length: 1_203 }, (_, i) => ({
        id: `u${String(i).padStart(5, '0')}`,
        name: `joe${i}@xn--fsqu00a.cn`,
        login: i % 2 ? `Joe${i}@例子.cn` : `joe${i}@xn--fsqu00a.cn`,
        owner: i % 3 ? 'ÄRZTE\n& \u202Ex' : 'o'.repeat(255),
        totp_secret: i % 4 === 0 ? 'sealed' : null,
        totp_confirmed: i % 8 === 0 ? 1 : 0,
      }))
      for (let at = 0; at < rows.length; at += 400) {
        const values = rows.slice(at, at + 400).map(
          row => sql`(${row.id}, ${row.name}, ${row.login}, 'xn--fsqu00a.cn', 'x', ${row.owner}, 1, 'imap', 1, 1,
            ${row.totp_secret}, ${row.totp_confirmed}, 5, 5)`,
        )
        await sql`insert into users (id, name, login, domain, password_hash, owner, enabled, protocols, version,
          credential_version, totp_secret, totp_confirmed, created_at, updated_at) values ${sql.join(values)}`.execute(
          db,
        )
      }
    },
    read: db => db.selectFrom('users').selectAll().orderBy('id').execute(),
    after: old =>
      old.map((row, i) => ({
        ...row,
        search_text: searchTextOf(row),
        totp: i % 8 === 0 ? 2 : i % 4 === 0 ? 1 : 0,
      })),
  }))
