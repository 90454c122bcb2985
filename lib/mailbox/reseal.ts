/** After a change of the master secret: sealing anew what the old one sealed. */
import type { Database } from '../database/schema.ts'
import type { Sealer } from '../sealing.ts'
import { totpPlace } from './account.ts'

const rowsAtOnce = 500

/**
 * Seals every secret under the newest key. Can be stopped and begun again at any time; logins go on meanwhile.
 * @returns how many were sealed under an older one
 * @throws SealBroken at a secret whose key is not listed any more
 */
export async function resealSecrets({
  db,
  sealer,
}: {
  db: Database
  sealer: Sealer
}): Promise<{ resealed: number }> {
  let resealed = 0
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows = await db
      .selectFrom('users')
      .select(['id', 'totp_secret'])
      .where('id', '>', after)
      .where('totp_secret', 'is not', null)
      .orderBy('id')
      .limit(rowsAtOnce)
      .execute()
    for (const { id, totp_secret: sealed } of rows) {
      if (sealed === null || sealer.isNewest(sealed)) continue
      const secret = sealer.open(sealed, totpPlace(id))
      // Not over another secret that was made meanwhile.
      const { numUpdatedRows } = await db
        .updateTable('users')
        .set({ totp_secret: sealer.seal(secret, totpPlace(id)) })
        .where('id', '=', id)
        .where('totp_secret', '=', sealed)
        .executeTakeFirst()
      resealed += Number(numUpdatedRows)
    }
    after = rows.at(-1)?.id
  }
  return { resealed }
}
