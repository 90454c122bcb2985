import { adminSettings } from './admin-settings.ts'
import { logSettings } from './log-settings.ts'
import { loginSettings } from './login-settings.ts'
import { notifySettings } from './notify-settings.ts'
import { serverSettings } from './server-settings.ts'
import { storeSettings } from './store-settings.ts'
import type { ValueType } from './values.ts'

/**
 * Every setting there is, in the order of conf/config.yaml. Types, environment names, the checks of the configuration
 * file, and what the command line and the API show and change are derived from this list. Durations are milliseconds once
 * read.
 */
export const definitions = {
  ...serverSettings,
  ...storeSettings,
  ...loginSettings,
  ...adminSettings,
  ...notifySettings,
  ...logSettings,
}

type Definitions = typeof definitions

/** The name of a setting, as `auth.fail_ttl`. */
export type SettingKey = keyof Definitions

type ValueOf<Type> = Type extends ValueType<infer Value> ? Value : never

type Section = SettingKey extends `${infer S}.${string}` ? S : never

/** The checked values, nested by section: `settings.auth.fail_ttl`. */
export type Settings = {
  [S in Section]: {
    [K in SettingKey as K extends `${S}.${infer N}` ? N : never]: ValueOf<Definitions[K]['type']>
  }
}

export function isSettingKey(text: string): text is SettingKey {
  return Object.hasOwn(definitions, text)
}

/** All keys in the order of the list. */
export const settingKeys: SettingKey[] = Object.keys(definitions).filter(isSettingKey)
