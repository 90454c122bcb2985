/** After a change of the master secret: sealing settings anew that the old one sealed. */
import type { Database } from '../database/schema.ts'
import { SealBroken, type Sealer } from '../sealing.ts'
import type { SettingKey } from '../settings/definitions.ts'
import { definitionOf, liveKeys, placeOf, rowName } from './stored.ts'

const secretKeys = liveKeys.filter(key => definitionOf(key).secret)

/** @returns how many were sealed under an older key, and those that no key opens */
export async function resealSettings({ db, sealer }: { db: Database; sealer: Sealer }) {
  let resealed = 0
  const broken: SettingKey[] = []
  for (const key of secretKeys) {
    const row = await db
      .selectFrom('system_config')
      .select('value')
      .where('name', '=', rowName(key))
      .executeTakeFirst()
    if (!row || sealer.isNewest(row.value)) continue
    try {
      const value = sealer.seal(sealer.open(row.value, placeOf(key)), placeOf(key))
      // Not over another one that was set meanwhile.
      const { numUpdatedRows } = await db
        .updateTable('system_config')
        .set({ value })
        .where('name', '=', rowName(key))
        .where('value', '=', row.value)
        .executeTakeFirst()
      resealed += Number(numUpdatedRows)
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error
      broken.push(key)
    }
  }
  return { resealed, broken }
}
