/** After a change of the master secret: sealing everything anew that the old one sealed. */
import { resealSettings } from '../live-settings/reseal.ts'
import { type Resealed, type ResealServices, resealSecrets } from '../mailbox/reseal.ts'
import { SealBroken } from '../sealing.ts'
import { adminTotpPlace } from './admin.ts'

/** Seals every secret under the newest key. Can be stopped and begun again at any time. `broken`: of mailboxes and administrators. */
export async function resealAll(services: ResealServices): Promise<Resealed & { broken_settings: string[] }> {
  const { resealed, broken } = await resealSecrets(services)
  const ofAdmins = await resealAdmins(services)
  const ofSettings = await resealSettings(services)
  return {
    resealed: resealed + ofAdmins.resealed + ofSettings.resealed,
    broken: [...broken, ...ofAdmins.broken],
    broken_settings: ofSettings.broken,
  }
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
