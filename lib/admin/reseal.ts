/** Administrators' part of a change of the master secret. */
import { type Resealed, type ResealServices, resealSecrets } from '../mailbox/reseal.ts'
import { SealBroken } from '../sealing.ts'
import { adminTotpPlace } from './admin.ts'

/** Seals every secret of mailboxes and administrators under the newest key. Can be stopped and begun again at any time. */
export async function resealAll(services: ResealServices): Promise<Resealed> {
  const { resealed, broken } = await resealSecrets(services)
  const ofAdmins = await resealAdmins(services)
  return { resealed: resealed + ofAdmins.resealed, broken: [...broken, ...ofAdmins.broken] }
}

async function resealAdmins({ db, sealer }: ResealServices): Promise<Resealed> {
  const rows = await db
    .selectFrom('admin')
    .select(['id', 'username', 'totp_secret'])
    .where('totp_secret', 'is not', null)
    .execute()
  const broken: string[] = []
  let resealed = 0
  for (const { id, username, totp_secret: before } of rows) {
    if (sealer.isNewest(before!)) continue
    const place = adminTotpPlace(id)
    try {
      const { numUpdatedRows } = await db
        .updateTable('admin')
        .set({ totp_secret: sealer.seal(sealer.open(before!, place), place) })
        .where('id', '=', id)
        // Not over another secret that was made meanwhile.
        .where('totp_secret', '=', before)
        .executeTakeFirst()
      resealed += Number(numUpdatedRows)
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error
      broken.push(username)
    }
  }
  return { resealed, broken }
}
