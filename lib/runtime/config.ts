import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DatabaseTarget } from '../database/open.ts'
import { isLocalListen } from '../settings/addresses.ts'
import type { Definition } from '../settings/definition.ts'
import { definitions, type SettingKey, type Settings, settingKeys } from '../settings/definitions.ts'
import { readEnvironment, type SpecialName, specialNames } from './config-environment.ts'
import { ConfigError, quoteText, quoteValue, type Reading } from './config-error.ts'
import { parseConfigText, readConfigText } from './config-file.ts'
import { checkAdminPassword, parseSecretKeys } from './config-secrets.ts'
import { checkSettings, lowerLogLevel, type Sources } from './config-settings.ts'
import { chooseDatabase, chooseHotState, type HotStateTarget, maskUrl, parseRelayUrl } from './config-urls.ts'

/** The checked configuration of one process. It holds secrets in the clear; print it with `describeConfig`. */
export type Config = {
  settings: Settings
  database: DatabaseTarget
  hotState: HotStateTarget
  /** Absolute path. */
  dataDir: string
  /** The newest first; empty when MAILGATEWAY_SECRET_KEY is not set. */
  secretKeys: string[]
  adminPassword?: string
  /** Where to ask for every decision: then this process is a relay and makes none. */
  relayUrl?: URL
  /** The file that was read, by the name that messages give it. */
  configFile?: string
  /** Setting or variable -> `default`, the file's name, or `environment NAME`. */
  sources: ReadonlyMap<SettingKey | SpecialName, string>
}

/** A line of `config print`. The value of a secret is `********`, or empty when it is not set. */
export type ConfigRow = { key: SettingKey | SpecialName; value: string; source: string }

const defaultFile = 'conf/config.yaml'
const projectRoot = fileURLToPath(new URL('../../', import.meta.url))

function readFile(named: string | undefined, cwd: string) {
  const source = named ?? defaultFile
  const content = readConfigText(
    source,
    named === undefined ? resolve(projectRoot, source) : resolve(cwd, named),
  )
  if (content !== undefined) return { configFile: source, readings: parseConfigText(source, content) }
  if (named === undefined) return { readings: new Map<SettingKey, Reading>() }
  throw new ConfigError(
    `environment MAILGATEWAY_CONFIG: ${quoteText(named)} does not exist; name a YAML file`,
  )
}

/**
 * Reads the configuration: defaults, above them the file, above that the environment. An empty variable counts
 * as not set. The file is MAILGATEWAY_CONFIG (relative to `cwd`, must exist), else conf/config.yaml of the
 * project if present. DATABASE_URL and REDIS_URL go before the settings `database.*` and `redis.*`.
 * @param cwd where relative paths of the environment start
 * @throws ConfigError with one line that names setting, source and what is allowed, and never a secret
 */
export function loadConfig({ env, cwd }: { env: NodeJS.ProcessEnv; cwd: string }): Config {
  const { settings: fromEnvironment, special, specialSources } = readEnvironment(env, cwd)
  const { configFile, readings } = readFile(special.MAILGATEWAY_CONFIG, cwd)
  const sources: Sources = new Map()
  const settings = checkSettings(new Map([...readings, ...fromEnvironment]), sources)
  lowerLogLevel(settings, sources)
  if (!isLocalListen(settings.auth_server.host) && settings.auth_server.secret === '') {
    const host = quoteValue(settings.auth_server.host)
    const place = `auth_server.host in ${sources.get('auth_server.host')}`
    throw new ConfigError(
      `${place}: ${host} is not loopback; set auth_server.secret or write 127.0.0.1 or unix:/path`,
    )
  }
  const relayUrl = special.RELAY_URL === undefined ? undefined : parseRelayUrl(special.RELAY_URL)
  refuseUnprovable(settings.edge, sources, relayUrl)
  if (special.DATABASE_URL === undefined && settings.database.host !== '' && settings.database.user === '') {
    const place = `database.user in ${sources.get('database.user')}`
    throw new ConfigError(`${place}: "" is not allowed; write the user to log in as at database.host`)
  }
  for (const name of specialNames) sources.set(name, specialSources.get(name) ?? 'default')
  const fromHost = { DATABASE_URL: settings.database.host, REDIS_URL: settings.redis.host }
  const hostKeys = { DATABASE_URL: 'database.host', REDIS_URL: 'redis.host' } as const
  for (const name of ['DATABASE_URL', 'REDIS_URL'] as const) {
    if (special[name] === undefined && fromHost[name] !== '') sources.set(name, sources.get(hostKeys[name])!)
  }
  const dataDir = resolve(cwd, special.MAILGATEWAY_DATA_DIR ?? 'data')
  const database = chooseDatabase(special.DATABASE_URL, settings.database, { cwd, dataDir })
  const hotState = chooseHotState(special.REDIS_URL, settings.redis)
  refuseWorkers(settings.server.workers, sources.get('server.workers'), { database, hotState })
  return {
    settings,
    database,
    hotState,
    dataDir,
    secretKeys: parseSecretKeys(special.MAILGATEWAY_SECRET_KEY),
    adminPassword: checkAdminPassword(special.MAILGATEWAY_ADMIN_PASSWORD),
    relayUrl,
    configFile,
    sources,
  }
}

/** A proof needs a secret, and a relay needs a proof. */
function refuseUnprovable(
  { auth, secret }: Settings['edge'],
  sources: Sources,
  relayUrl: URL | undefined,
): void {
  if (auth !== 'off' && secret.length === 0)
    throw new ConfigError(`edge.auth in ${sources.get('edge.auth')}: "${auth}" needs edge.secret; set it too`)
  if (relayUrl !== undefined && auth !== 'hmac')
    throw new ConfigError(
      'environment RELAY_URL: a relay signs what it asks; set edge.auth to hmac, and edge.secret to that of the function',
    )
}

/** Processes that share nothing would each allow an attacker the whole number of guesses. */
function refuseWorkers(
  workers: number,
  source: string | undefined,
  { database, hotState }: Pick<Config, 'database' | 'hotState'>,
): void {
  if (workers === 1 || (database.kind === 'mysql' && hotState.kind === 'redis')) return
  throw new ConfigError(
    `server.workers in ${source}: ${workers} processes need a database server and Redis to share; set DATABASE_URL or database.host, and REDIS_URL or redis.host, or write 1`,
  )
}

function mask(secret: string | undefined): string {
  return secret === undefined || secret === '' ? '' : '********'
}

/** Where the data lies, as DATABASE_URL and REDIS_URL say it, passwords masked; '' = in the memory of the process. */
export type Stores = Record<'DATABASE_URL' | 'REDIS_URL', string>

export const describeStores = ({ database, hotState }: Config): Stores => ({
  DATABASE_URL: database.kind === 'sqlite' ? `sqlite:${database.file}` : maskUrl(database.url),
  REDIS_URL: hotState.kind === 'memory' ? '' : maskUrl(hotState.url),
})

/** The effective values with their sources, secrets masked: first the settings, then the variables beside them. */
export function describeConfig(config: Config): ConfigRow[] {
  const sections: Record<string, Record<string, unknown>> = config.settings
  const special: Record<SpecialName, string> = {
    MAILGATEWAY_CONFIG: config.configFile ?? '',
    MAILGATEWAY_DATA_DIR: config.dataDir,
    MAILGATEWAY_SECRET_KEY: mask(config.secretKeys[0]),
    MAILGATEWAY_ADMIN_PASSWORD: mask(config.adminPassword),
    RELAY_URL: config.relayUrl?.href ?? '',
    ...describeStores(config),
  }
  const printSetting = (key: SettingKey): string => {
    const definition: Definition<unknown> = definitions[key]
    const [section = '', name = ''] = key.split('.')
    const text = definition.type.print(sections[section]?.[name])
    return definition.secret ? mask(text) : text
  }
  const settingRows = settingKeys.map(key => ({ key, value: printSetting(key) }))
  const rows = [...settingRows, ...specialNames.map(key => ({ key, value: special[key] }))]
  return rows.map(row => ({ ...row, source: config.sources.get(row.key) ?? 'default' }))
}
