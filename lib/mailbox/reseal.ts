/** After a change of the master secret: sealing anew what the old one sealed. */
import type { Database } from '../database/schema.ts'
import { SealBroken, type Sealer } from '../sealing.ts'
import { totpPlace } from './account.ts'

export interface Resealed {
  /** How many were sealed under an older key. */
  resealed: number
  /** Mailboxes whose secret no listed key opens. */
  broken: string[]
}

const rowsAtOnce = 500

/** Seals every secret under the newest key. Can be stopped and begun again at any time; logins go on meanwhile. */
export async function resealSecrets({ db, sealer }: { db: Database; sealer: Sealer }): Promise<Resealed> {
  const found: Resealed = { resealed: 0, broken: [] }
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows = await db
      .selectFrom('users')
      .select(['id', 'name', 'totp_secret'])
      .where('id', '>', after)
      .where('totp_secret', 'is not', null)
      .orderBy('id')
      .limit(rowsAtOnce)
      .execute()
    for (const { id, name, totp_secret: sealed } of rows) {
      if (sealed === null || sealer.isNewest(sealed)) continue
      const anew = sealAnew(sealer, sealed, totpPlace(id))
      if (anew === null) found.broken.push(name)
      // Not over another secret that was made meanwhile.
      else if (await replace(db, id, sealed, anew)) found.resealed += 1
    }
    after = rows.at(-1)?.id
  }
  return found
}

function sealAnew(sealer: Sealer, sealed: string, place: string): string | null {
  try {
    return sealer.seal(sealer.open(sealed, place), place)
  } catch (error) {
    if (error instanceof SealBroken) return null
    throw error
  }
}

async function replace(db: Database, id: string, before: string, after: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ totp_secret: after })
    .where('id', '=', id)
    .where('totp_secret', '=', before)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
