/** After a change of the master secret: sealing anew what the old one sealed. */
import type { Database, User } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { SealBroken, type Sealer } from '../sealing.ts'
import { totpPlace } from './account.ts'
import { isSealed, resealPassword, sealedPattern } from './stored-password.ts'
import { noticeSealed } from './upgrade.ts'

export interface Resealed {
  /** How many were sealed under an older key. */
  resealed: number
  /** Mailboxes with a secret that no listed key opens. */
  broken: string[]
}

export interface ResealServices {
  db: Database
  sealer: Sealer
  clock: () => number
}

const rowsAtOnce = 500

type SealedUser = Pick<User, 'id' | 'name' | 'totp_secret' | 'password_hash'>
type SealedColumn = 'totp_secret' | 'password_hash'

/**
 * Seals every secret of mailboxes, and every password digest that still is sealed, under the newest key. Can be stopped and
 * begun again at any time; logins go on meanwhile.
 */
export async function resealSecrets(services: ResealServices): Promise<Resealed> {
  const { db } = services
  let resealed = 0
  const broken = new Set<string>()
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows: SealedUser[] = await db
      .selectFrom('users')
      .select(['id', 'name', 'totp_secret', 'password_hash'])
      .where('id', '>', after)
      .where(eb => eb.or([eb('totp_secret', 'is not', null), eb('password_hash', 'like', sealedPattern)]))
      .orderBy('id')
      .limit(rowsAtOnce)
      .execute()
    for (const row of rows) {
      for (const column of ['totp_secret', 'password_hash'] as const) {
        const anew = sealAnew(services, row, column)
        if (anew === 'broken') broken.add(row.name)
        // Not over another secret that was made meanwhile.
        else if (anew && (await replace(db, row, column, anew))) resealed += 1
      }
    }
    after = rows.at(-1)?.id
  }
  // What no key opened before may be brought to bcrypt now.
  await inTransaction(db, trx => noticeSealed(trx, services.clock()))
  return { resealed, broken: [...broken] }
}

/** @returns null = under the newest key already, or nothing sealed */
function sealAnew(
  { sealer }: ResealServices,
  { id, totp_secret, password_hash }: SealedUser,
  column: SealedColumn,
): string | null {
  try {
    if (column === 'password_hash') {
      return isSealed(password_hash) ? resealPassword(sealer, id, password_hash) : null
    }
    if (totp_secret === null || sealer.isNewest(totp_secret)) return null
    return sealer.seal(sealer.open(totp_secret, totpPlace(id)), totpPlace(id))
  } catch (error) {
    if (error instanceof SealBroken) return 'broken'
    throw error
  }
}

async function replace(db: Database, row: SealedUser, column: SealedColumn, after: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ [column]: after })
    .where('id', '=', row.id)
    .where(column, '=', row[column])
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
