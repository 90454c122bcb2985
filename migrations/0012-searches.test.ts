import { sql } from 'kysely'
import { test } from 'vitest'
import { upDownUp } from '../infra/e2e/migration.ts'
import { searchTextOf } from '../lib/ban/search-text.ts'

test('up, down and up again with rows present: each is found by the same text as a new one', () =>
  upDownUp('0012-searches', {
    async fill(db) {
      const notes = ['SPAM\nfrom there', 'Ä\u0308 100%_', 'x'.repeat(1_000), '']
      const rows = Array.from({ length: 1_203 }, (_, i) => ({
        id: `b${String(i).padStart(5, '0')}`,
        note: notes[i % 4]!,
      }))
      for (let at = 0; at < rows.length; at += 400) {
        const values = rows
          .slice(at, at + 400)
          .map(
            ({ id, note }, i) =>
              sql`(${id}, ${`10.0.${i % 256}.0/24`}, 'manual', ${note}, 'Joe', 5, null, 0, 1)`,
          )
        await sql`insert into ip_blacklist (id, cidr, event_type, note, author, starts_at, ends_at, level, version)
          values ${sql.join(values)}`.execute(db)
      }
    },
    read: db => db.selectFrom('ip_blacklist').selectAll().orderBy('id').execute(),
    after: old => old.map(row => ({ ...row, search_text: searchTextOf(row) })),
  }))
