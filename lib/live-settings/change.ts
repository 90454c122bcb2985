/** Changing settings: checked together, written with a row of the operation log, announced to every node. */
import type { Transaction } from 'kysely'
import { orChange } from '../database/dialect.ts'
import type { Tables } from '../database/schema.ts'
import { takeVersion } from '../database/version.ts'
import type { HotState } from '../hot-state/port.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import type { Sealer } from '../sealing.ts'
import type { SettingKey } from '../settings/definitions.ts'
import { inForce, putValue } from './configured.ts'
import { type LiveSettings, settingsVersionKey } from './live.ts'
import { findBroken } from './rules.ts'
import { definitionOf, liveKeys, printValue, readStored, rowName, type Stored, writeRow } from './stored.ts'

export interface SettingServices extends RecordServices {
  hot: HotState
  sealer: Sealer
  liveSettings: LiveSettings
}

export interface Change {
  key: SettingKey
  /** Checked; null = back to what is configured. */
  value: unknown
  /** That of the row as it was read; absent = whatever it is now. */
  version?: number
  /** The input that it is from. */
  field: string
}

/**
 * Makes all of the changes or none. When it resolves they are in force here, and at the next request on every node.
 * @throws Refusal when the settings would not be good together, or somebody else was faster
 */
export async function change(
  services: SettingServices,
  action: string,
  changes: readonly Change[],
): Promise<void> {
  const { hot, sealer, clock, liveSettings } = services
  await recorded(services, action, async trx => {
    const version = await takeVersion(trx, 'settings_version')
    const before = await readStored(trx, sealer)
    const after = new Map(before)
    for (const each of changes) {
      refuseIfMoved(each, before.get(each.key))
      if (each.value === null) after.delete(each.key)
      else after.set(each.key, { version, updated_at: clock(), read: { value: each.value } })
    }
    refuseIfBroken(services, after, changes)
    for (const { key } of changes) await writeStored(trx, services, key, after.get(key))
    const describe = (stored: ReadonlyMap<SettingKey, Stored>) =>
      Object.fromEntries(changes.map(({ key }) => [key, describeValue(services, key, stored.get(key))]))
    const target = changes.map(({ key }) => key).join(', ')
    return { target, before: describe(before), after: describe(after), result: undefined }
  })
  await liveSettings.reread()
  await hot.announce([{ op: 'increment', key: settingsVersionKey, ttlMs: null }])
}

function refuseIfMoved({ key, version, field }: Change, stored: Stored | undefined): void {
  if (version === undefined || version === (stored?.version ?? 0)) return
  throw new Refusal('conflict', field, `somebody else has changed ${key} meanwhile: read it again`)
}

function refuseIfBroken(
  { liveSettings: { configured } }: SettingServices,
  after: ReadonlyMap<SettingKey, Stored>,
  changes: readonly Change[],
): void {
  const settings = structuredClone(configured.settings)
  for (const key of liveKeys) putValue(settings, key, inForce(configured, key, after.get(key)).value)
  const rule = findBroken(
    settings,
    changes.map(({ key }) => key),
  )
  if (!rule) return
  const { field } = changes.find(({ key }) => rule.keys.includes(key))!
  throw new Refusal('invalid', field, rule.message)
}

async function writeStored(
  trx: Transaction<Tables>,
  { sealer }: SettingServices,
  key: SettingKey,
  stored: Stored | undefined,
): Promise<void> {
  const name = rowName(key)
  if (!stored || 'invalid' in stored.read) {
    await trx.deleteFrom('system_config').where('name', '=', name).execute()
    return
  }
  const { version, updated_at, read } = stored
  const changed = { value: writeRow(key, read.value, sealer), version, updated_at }
  await trx
    .insertInto('system_config')
    .values({ name, ...changed })
    .$call(orChange(trx, ['name'], changed))
    .execute()
}

/** For the operation log: of a secret only that there is one, and which. */
function describeValue(
  { liveSettings: { configured } }: SettingServices,
  key: SettingKey,
  stored: Stored | undefined,
): string {
  const text = printValue(key, inForce(configured, key, stored).value)
  if (!definitionOf(key).secret || text === '') return text
  return stored ? `set, version ${stored.version}` : 'configured'
}
