import { type SettingKey, settingKeys } from '../settings/definitions.ts'
import { ConfigError, type Origin, quoteKey, type Reading, suggestName } from './config-error.ts'

/** Variables beside the settings. */
export const specialNames = [
  'MAILGATEWAY_CONFIG',
  'MAILGATEWAY_DATA_DIR',
  'MAILGATEWAY_SECRET_KEY',
  'MAILGATEWAY_ADMIN_PASSWORD',
  'DATABASE_URL',
  'REDIS_URL',
] as const

export type SpecialName = (typeof specialNames)[number]

/** What the environment says: texts for settings, and the variables beside them that are set. */
export type EnvironmentReadings = {
  settings: Map<SettingKey, Reading>
  special: Partial<Record<SpecialName, string>>
}

/** The variable of a setting: `auth_server.port` is MAILGATEWAY_AUTH_SERVER_PORT. */
export function environmentName(key: SettingKey): string {
  return `MAILGATEWAY_${key.replaceAll('.', '_').toUpperCase()}`
}

/** How messages and `config print` name a variable. */
export function originOfVariable(name: string): Origin {
  return { place: `environment ${name}`, source: `environment ${name}` }
}

/**
 * Picks our variables out of an environment. An empty one counts as not set.
 * @throws ConfigError for a MAILGATEWAY_ variable that no setting has
 */
export function readEnvironment(env: NodeJS.ProcessEnv): EnvironmentReadings {
  const keys = new Map(settingKeys.map(key => [environmentName(key), key]))
  const readings: EnvironmentReadings = { settings: new Map(), special: {} }
  for (const name of specialNames) {
    const text = env[name]
    if (text) readings.special[name] = text
  }
  const special = new Set<string>(specialNames)
  for (const [name, text] of Object.entries(env)) {
    if (!text || !name.startsWith('MAILGATEWAY_') || special.has(name)) continue
    const key = keys.get(name)
    if (key === undefined) {
      const hint = suggestName(name, [...keys.keys(), ...specialNames])
      throw new ConfigError(`environment ${quoteKey(name)}: unknown setting; ${hint}`)
    }
    const { source } = originOfVariable(name)
    readings.settings.set(key, { text, place: `${key} in ${source}`, source })
  }
  return readings
}
