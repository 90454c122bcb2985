/** What people have set, in rows of `system_config`: one per setting, its text as in the configuration file. */
import type { Database } from '../database/schema.ts'
import { SealBroken, type Sealer } from '../sealing.ts'
import type { Definition } from '../settings/definition.ts'
import { definitions, type SettingKey, settingKeys } from '../settings/definitions.ts'
import { isRejected } from '../settings/values.ts'

export interface Stored {
  /** Of the settings as a whole when this one was last set; no two changes have the same. */
  version: number
  updated_at: number
  read: Read
}

/** A checked value, or why the text is none. */
export type Read = { value: unknown } | { invalid: string }

export const definitionOf = (key: SettingKey): Definition<unknown> => definitions[key]

/** Those that can be changed while the gateway runs. */
export const liveKeys = settingKeys.filter(key => definitions[key].live)

export const rowName = (key: SettingKey): string => definitionOf(key).storedAs ?? key
/** What the row of a secret is sealed for (lib/sealing.ts). */
export const placeOf = (key: SettingKey): string => `system_config/${rowName(key)}`

const keysByRow = new Map(liveKeys.map(key => [rowName(key), key]))

/** The setting that has this row; undefined = none. */
export const keyOfRow = (name: string): SettingKey | undefined => keysByRow.get(name)

/** All rows of settings there are. */
export async function readStored(db: Database, sealer: Sealer): Promise<Map<SettingKey, Stored>> {
  const rows = await db
    .selectFrom('system_config')
    .selectAll()
    .where('name', 'in', [...keysByRow.keys()])
    .execute()
  return new Map(
    rows.map(({ name, value, version, updated_at }) => {
      const key = keysByRow.get(name)!
      return [key, { version, updated_at, read: readRow(key, value, sealer) }]
    }),
  )
}

/** @returns `invalid` finishes the sentence that begins with the setting, and never repeats the text */
export function readText(key: SettingKey, text: string): Read {
  const value = definitionOf(key).type.read(text)
  return isRejected(value) ? { invalid: value.rejected } : { value }
}

export const printValue = (key: SettingKey, value: unknown): string => definitionOf(key).type.print(value)

/** The text of a row. */
export function writeRow(key: SettingKey, value: unknown, sealer: Sealer): string {
  const text = printValue(key, value)
  return definitionOf(key).secret ? sealer.seal(text, placeOf(key)) : text
}

function readRow(key: SettingKey, text: string, sealer: Sealer): Read {
  if (!definitionOf(key).secret) return readText(key, text)
  try {
    return readText(key, sealer.open(text, placeOf(key)))
  } catch (error) {
    if (error instanceof SealBroken) return { invalid: `cannot be opened: ${error.message}` }
    throw error
  }
}
