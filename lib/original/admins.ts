/** The original's administrators: their bcrypt hashes go on being good. */
import { z } from 'zod'
import type { Database } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { cut, flag, id, parseRows, skip, stableId, text, time } from './fields.ts'
import type { Outcome } from './outcome.ts'

const originalAdmin = z.object({
  id,
  username: text,
  password: text,
  enabled: flag,
  created_at: time,
  updated_at: time,
})

/** The kinds that bcrypt libraries of the last twenty years have made, and that compare alike. */
const bcryptHash = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/
const superadminId = '1'

/** @param rows a page of the original's table */
export async function takeAdmins(
  { db, clock }: { db: Database; clock: () => number },
  rows: readonly unknown[],
  dryRun: boolean,
): Promise<Outcome[]> {
  const { parsed, failed } = parseRows(originalAdmin, rows)
  const outcomes: Outcome[] = [...failed]
  for (const { id: row, username, password, enabled, created_at, updated_at } of parsed) {
    const name = username.normalize('NFC').trim()
    const about = cut(name, 80)
    if (name === '' || Buffer.byteLength(name) > 255) {
      outcomes.push({ ...skip(row, 'the name is empty, or has more than 255 bytes'), about })
      continue
    }
    if (!bcryptHash.test(password)) {
      outcomes.push({ ...skip(row, 'the password is no bcrypt hash; add this administrator anew'), about })
      continue
    }
    const now = clock()
    const admin = {
      id: stableId(created_at ?? 0, 'admin', row, username),
      username: name,
      password_hash: password,
      role: row === superadminId ? ('superadmin' as const) : ('operator' as const),
      enabled: enabled ? (1 as const) : (0 as const),
      totp_secret: null,
      version: 1,
      created_at: created_at ?? now,
      updated_at: updated_at ?? created_at ?? now,
    }
    const kind = await inTransaction(db, async trx => {
      const here = await trx
        .selectFrom('admin')
        .select('id')
        .where(eb => eb.or([eb('id', '=', admin.id), eb('username', '=', name)]))
        .executeTakeFirst()
      if (here) return 'here'
      if (!dryRun) await trx.insertInto('admin').values(admin).execute()
      return 'taken'
    })
    outcomes.push({ row, kind, about })
  }
  return outcomes
}
