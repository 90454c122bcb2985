import { resolve } from 'node:path'
import { definitions, type SettingKey, settingKeys } from '../settings/definitions.ts'
import { ConfigError, type Origin, quoteKey, type Reading, suggestName } from './config-error.ts'
import { readSecretFile } from './config-secrets.ts'

/** Variables beside the settings. */
export const specialNames = [
  'MAILGATEWAY_CONFIG',
  'MAILGATEWAY_DATA_DIR',
  'MAILGATEWAY_SECRET_KEY',
  'MAILGATEWAY_ADMIN_PASSWORD',
  'DATABASE_URL',
  'REDIS_URL',
  'RELAY_URL',
] as const

export type SpecialName = (typeof specialNames)[number]

const isSpecial = (name: string): name is SpecialName => (specialNames as readonly string[]).includes(name)

/** What the environment says: texts for settings, and the variables beside them that are set. */
export type EnvironmentReadings = {
  settings: Map<SettingKey, Reading>
  special: Partial<Record<SpecialName, string>>
  /** Of those that are set, how `config print` names where they are from. */
  specialSources: Map<SpecialName, string>
}

/** The variable of a setting: `auth_server.port` is MAILGATEWAY_AUTH_SERVER_PORT. */
export function environmentName(key: SettingKey): string {
  return `MAILGATEWAY_${key.replaceAll('.', '_').toUpperCase()}`
}

/** How messages and `config print` name a variable. */
function originOfVariable(name: string): Origin {
  return { place: `environment ${name}`, source: `environment ${name}` }
}

/** Variables that hold a secret: with _FILE behind the name they name a file that holds it, as containers are given secrets. */
const secretNames = new Set([
  ...settingKeys.filter(key => definitions[key].secret).map(environmentName),
  'MAILGATEWAY_SECRET_KEY',
  'MAILGATEWAY_ADMIN_PASSWORD',
  'DATABASE_URL',
  'REDIS_URL',
])

/**
 * Picks our variables out of an environment. An empty one counts as not set.
 * @param cwd where relative paths start
 * @throws ConfigError for a MAILGATEWAY_ variable that no setting has, and for a file that holds no secret
 */
export function readEnvironment(env: NodeJS.ProcessEnv, cwd: string): EnvironmentReadings {
  const keys = new Map(settingKeys.map(key => [environmentName(key), key]))
  const readings: EnvironmentReadings = { settings: new Map(), special: {}, specialSources: new Map() }
  for (const [variable, value] of Object.entries(env)) {
    const held = variable.replace(/_FILE$/, '')
    const isFile = held !== variable && secretNames.has(held)
    const name = isFile ? held : variable
    if (!value || !(isSpecial(name) || name.startsWith('MAILGATEWAY_'))) continue
    if (isFile && env[name]) throw new ConfigError(`environment ${variable}: ${name} is set too; keep one`)
    const text = isFile ? readSecretFile(variable, resolve(cwd, value)) : value
    const { source } = originOfVariable(variable)
    if (isSpecial(name)) {
      readings.special[name] = text
      readings.specialSources.set(name, source)
      continue
    }
    const key = keys.get(name)
    if (key === undefined) {
      const hint = suggestName(variable, [...keys.keys(), ...specialNames])
      throw new ConfigError(`environment ${quoteKey(variable)}: unknown setting; ${hint}`)
    }
    readings.settings.set(key, { text, place: `${key} in ${source}`, source })
  }
  return readings
}
