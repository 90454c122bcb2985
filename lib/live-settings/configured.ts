/** What defaults, configuration file and environment say: it lies under what people have set, and may go before it. */
import type { SettingKey, Settings } from '../settings/definitions.ts'
import { definitionOf, type Read, type Stored } from './stored.ts'

export interface Configured {
  settings: Settings
  /** `default`, the file's name, or `environment NAME`. */
  sources: ReadonlyMap<string, string>
}

/** Where a value that people have set is from. */
const storedSource = 'system_config'

const environment = 'environment '

/** The variable of the environment that nobody can change the setting past; null = there is none. */
export function pinOf({ sources }: Configured, key: SettingKey): string | null {
  const source = sources.get(key) ?? ''
  return source.startsWith(environment) ? source.slice(environment.length) : null
}

/** The value in force and its source: the environment, what people have set, the file, the default, in this order. */
export function inForce(
  configured: Configured,
  key: SettingKey,
  stored: Stored | undefined,
): { value: unknown; source: string } {
  if (stored && 'value' in stored.read && definitionOf(key).live && pinOf(configured, key) === null)
    return { value: stored.read.value, source: storedSource }
  return { value: getValue(configured.settings, key), source: configured.sources.get(key) ?? 'default' }
}

export function getValue(settings: Settings, key: SettingKey): unknown {
  const { section, name } = split(key)
  return sectionOf(settings, section)[name]
}

/** In place: whoever holds the section sees it. */
export function putValue(settings: Settings, key: SettingKey, value: unknown): void {
  const { section, name } = split(key)
  sectionOf(settings, section)[name] = value
}

/** Why a text is not in force; null = it is, or there is none. */
export const faultOf = (read: Read | undefined): string | null =>
  read && 'invalid' in read ? read.invalid : null

function split(key: SettingKey): { section: string; name: string } {
  const [section = '', name = ''] = key.split('.')
  return { section, name }
}

const sectionOf = (settings: Record<string, Record<string, unknown>>, section: string) => settings[section]!
