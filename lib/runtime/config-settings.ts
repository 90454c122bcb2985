import type { Definition } from '../settings/definition.ts'
import { definitions, type SettingKey, type Settings, settingKeys } from '../settings/definitions.ts'
import { isRejected } from '../settings/values.ts'
import type { SpecialName } from './config-environment.ts'
import { ConfigError, quoteValue, type Reading } from './config-error.ts'

/** Setting or variable -> `default`, the file's name, or `environment NAME`. */
export type Sources = Map<SettingKey | SpecialName, string>

/**
 * Checks one text per setting, the default where nothing was read, and notes every source.
 * @throws ConfigError at the first value that its type does not accept
 */
export function checkSettings(readings: Map<SettingKey, Reading>, sources: Sources): Settings {
  const values: Record<string, Record<string, unknown>> = {}
  for (const key of settingKeys) {
    const definition: Definition<unknown> = definitions[key]
    const byDefault = { text: definition.default, place: `${key} in default`, source: 'default' }
    const { text, place, source } = readings.get(key) ?? byDefault
    const value = definition.type.read(text)
    if (isRejected(value)) {
      const shown = definition.secret ? 'the value' : quoteValue(text)
      throw new ConfigError(`${place}: ${shown} ${value.rejected}`)
    }
    const [section = '', name = ''] = key.split('.')
    values[section] = { ...values[section], [name]: value }
    sources.set(key, source)
  }
  return values as Settings // the loop filled every key with the output of its own type
}

/**
 * In mode debug an `info` that comes from the default or the file means debug: the file in the project holds
 * every default, so `info` there is nobody's wish. The environment has the last word.
 */
export function lowerLogLevel(settings: Settings, sources: Sources): void {
  if (settings.server.mode !== 'debug' || settings.log.level !== 'info') return
  if (sources.get('log.level')?.startsWith('environment ')) return
  settings.log.level = 'debug'
  sources.set('log.level', sources.get('server.mode') ?? 'default')
}
