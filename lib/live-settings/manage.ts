/** What people do with settings. Every change is in force at the next request, on every node. */
import { z } from 'zod'
import { parseInput } from '../input.ts'
import { Refusal } from '../refusal.ts'
import { isSettingKey, type SettingKey } from '../settings/definitions.ts'
import { type Change, change, type SettingServices } from './change.ts'
import { pinOf } from './configured.ts'
import { definitionOf, readStored, readText } from './stored.ts'
import { type SettingView, viewAll, viewOf } from './view.ts'

const key = z.string('must be the name of a setting')
const value = z
  .string('must be text, as in the configuration file')
  .max(10_000, 'must have at most 10000 characters')
const version = z
  .int('must be the version that was read')
  .min(0, 'must be the version that was read')
  .optional()

const named = z.strictObject({ key })
export const newValueSchema = z.strictObject({ value, version })
export const settingChangesSchema = z.strictObject({
  /** null = back to what is configured. */
  settings: z
    .record(key, z.strictObject({ value: value.nullable(), version }))
    .refine(given => Object.keys(given).length > 0, 'must name at least one setting'),
})

export async function listSettings({ db, sealer, liveSettings }: SettingServices): Promise<SettingView[]> {
  return viewAll(liveSettings.configured, await readStored(db, sealer))
}

/** @throws Refusal if there is none of that name */
export async function getSetting(services: SettingServices, input: unknown): Promise<SettingView> {
  return viewNow(services, findKey(parseInput(named, input).key))
}

/**
 * @param input `{ key, value, version? }`, the value written as in the configuration file
 * @throws Refusal when there is no such setting, it cannot be changed here, the value is not allowed, or the version is
 *   not that of now
 */
export async function setSetting(services: SettingServices, input: unknown): Promise<SettingView> {
  const given = parseInput(named.extend(newValueSchema.shape), input)
  const key = findKey(given.key)
  await change(services, 'setting set', [readChange(services, key, given, 'value')])
  return viewNow(services, key)
}

/** Back to what is configured. @param input `{ key, version? }` @throws Refusal as `setSetting` */
export async function unsetSetting(services: SettingServices, input: unknown): Promise<SettingView> {
  const given = parseInput(named.extend({ version }), input)
  const key = findKey(given.key)
  await change(services, 'setting unset', [readChange(services, key, { ...given, value: null }, 'key')])
  return viewNow(services, key)
}

/** Several at once, all or none. @param input see `settingChangesSchema` @throws Refusal as `setSetting` */
export async function setSettings(services: SettingServices, input: unknown): Promise<SettingView[]> {
  const { settings } = parseInput(settingChangesSchema, input)
  const changes = Object.entries(settings).map(([name, given]) => {
    const field = `settings.${name}`
    return readChange(services, findKey(name, field), given, field)
  })
  await change(services, 'setting set', changes)
  const stored = await readStored(services.db, services.sealer)
  return changes.map(({ key }) => viewOf(services.liveSettings.configured, key, stored.get(key)))
}

async function viewNow({ db, sealer, liveSettings }: SettingServices, key: SettingKey): Promise<SettingView> {
  const stored = await readStored(db, sealer)
  return viewOf(liveSettings.configured, key, stored.get(key))
}

function findKey(name: string, field = 'key'): SettingKey {
  if (isSettingKey(name)) return name
  throw new Refusal('not_found', field, 'there is no such setting; the list of settings names them all')
}

function readChange(
  { liveSettings }: SettingServices,
  key: SettingKey,
  { value, version }: { value: string | null; version?: number },
  field: string,
): Change {
  const pin = pinOf(liveSettings.configured, key)
  if (!definitionOf(key).live) {
    throw new Refusal(
      'invalid',
      field,
      `${key} cannot be changed while the gateway runs: change it in the configuration file and start anew`,
    )
  }
  if (pin !== null && value !== null) {
    throw new Refusal(
      'conflict',
      field,
      `${key} is held by ${pin} in the environment of the gateway: change it there, or take it away there first`,
    )
  }
  const read = value === null ? { value: null } : readText(key, value)
  if ('invalid' in read) throw new Refusal('invalid', field, `${key} ${read.invalid}`)
  return { key, value: read.value, version, field }
}
