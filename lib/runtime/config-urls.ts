import { join, resolve } from 'node:path'
import type { DatabaseTarget } from '../database/open.ts'
import type { Settings } from '../settings/definitions.ts'
import { isExampleSecret } from '../settings/example-secrets.ts'
import { ConfigError } from './config-error.ts'

/**
 * Where the hot state lies. `url` is `redis://` or `rediss://` with user, password, host, port, number, and perhaps
 * `?tls_ca=FILE`; behind Sentinels its host means nothing.
 */
export type HotStateTarget = { kind: 'memory' } | { kind: 'redis'; url: string }

const escapes = 'in the password %2F stands for a /, %23 for a #, %3F for a ?'
const databaseForms = `write sqlite:/path/file.db, sqlite:file.db or mysql://user:password@host:port/database; ${escapes}`
const redisForms = `write redis://user:password@host:port/0 or rediss://user:password@host:port/0?tls_ca=FILE; ${escapes}`

function parseDatabaseUrl(text: string, cwd: string): DatabaseTarget {
  const file = /^sqlite:(?!\/\/|:)([^?#\p{Cc}]+)$/u.exec(text)?.[1]
  if (file !== undefined && !file.endsWith('/')) return { kind: 'sqlite', file: resolve(cwd, file) }
  return { kind: 'mysql', url: parseMysqlUrl(text, cwd) }
}

/**
 * @param cwd where a relative `tls_ca` starts
 * @returns the URL in full: with port, and an absolute `tls_ca`
 * @throws ConfigError without the password in it
 */
function parseMysqlUrl(text: string, cwd: string): string {
  const place = 'environment DATABASE_URL'
  const url = parseServerUrl(text, ['mysql:'], place, databaseForms)
  if (url.username === '' || !/^\/[^/]+$/.test(url.pathname)) {
    throw new ConfigError(`${place}: is not a database URL; ${databaseForms}`)
  }
  if (url.port === '') url.port = '3306'
  const { tls = 'off', tls_ca, ...others } = Object.fromEntries(url.searchParams)
  if (!['on', 'off'].includes(tls) || Object.keys(others).length > 0) {
    throw new ConfigError(`${place}: behind the ? stands something else than tls=on, tls=off or tls_ca=FILE`)
  }
  if (tls_ca !== undefined) url.searchParams.set('tls_ca', resolve(cwd, tls_ca))
  return url.href
}

function parseRedisUrl(text: string): HotStateTarget {
  const place = 'environment REDIS_URL'
  const url = parseServerUrl(text, ['redis:', 'rediss:'], place, redisForms)
  const known = url.protocol === 'rediss:' ? ['tls_ca'] : []
  const isOdd = [...url.searchParams.keys()].some(name => !known.includes(name))
  if (!/^(?:\/\d{0,3})?$/.test(url.pathname) || isOdd)
    throw new ConfigError(`${place}: is not a Redis URL; ${redisForms}`)
  if (url.port === '') url.port = '6379'
  if (url.pathname.length < 2) url.pathname = '/0'
  return { kind: 'redis', url: url.href }
}

// No message repeats the URL: a password with a / or # in it ends up in any part.
function parseServerUrl(text: string, protocols: string[], place: string, forms: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const usable = url && protocols.includes(url.protocol) && url.hostname !== '' && url.port !== '0'
  if (!usable || url.hash !== '' || /\p{Cc}/u.test(text)) {
    throw new ConfigError(`${place}: is not one of the known URLs; ${forms}`)
  }
  let password: string
  try {
    decodeURIComponent(url.username + url.pathname)
    password = decodeURIComponent(url.password)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw new ConfigError(`${place}: has a % that begins no escape; write %25 for a %`)
  }
  if (isExampleSecret(password)) {
    throw new ConfigError(`${place}: its password is a known example value; set one of your own`)
  }
  return url
}

function buildServerUrl(
  scheme: 'mysql' | 'redis' | 'rediss',
  login: { user: string; password: string },
  target: { host: string; port: number; path: string },
): string {
  const password = login.password === '' ? '' : `:${encodeURIComponent(login.password)}`
  const userInfo = `${encodeURIComponent(login.user)}${password}`
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const authority = `${userInfo === '' ? '' : `${userInfo}@`}${host}:${target.port}`
  return `${scheme}://${authority}/${encodeURIComponent(target.path)}`
}

/**
 * DATABASE_URL if it is set, else the MySQL server of the settings, else `mailgateway.db` in the data directory.
 * @throws ConfigError
 */
export function chooseDatabase(
  text: string | undefined,
  database: Settings['database'],
  paths: { cwd: string; dataDir: string },
): DatabaseTarget {
  if (text !== undefined) return parseDatabaseUrl(text, paths.cwd)
  if (database.host === '') return { kind: 'sqlite', file: join(paths.dataDir, 'mailgateway.db') }
  const url = new URL(buildServerUrl('mysql', database, { ...database, path: database.database }))
  if (database.tls === 'on') url.searchParams.set('tls', 'on')
  if (database.tls_ca !== '') url.searchParams.set('tls_ca', resolve(paths.cwd, database.tls_ca))
  return { kind: 'mysql', url: url.href }
}

/** REDIS_URL if it is set, else the Redis server or the Sentinels of the settings, else memory. @throws ConfigError */
export function chooseHotState(url: string | undefined, redis: Settings['redis']): HotStateTarget {
  if (url !== undefined) return parseRedisUrl(url)
  if (redis.host === '' && redis.sentinels.length === 0) return { kind: 'memory' }
  const host = redis.host === '' ? 'sentinel' : redis.host
  const scheme = redis.tls === 'on' ? 'rediss' : 'redis'
  const built = buildServerUrl(scheme, redis, { host, port: redis.port, path: String(redis.db) })
  const search =
    scheme === 'rediss' && redis.tls_ca !== '' ? `?tls_ca=${encodeURIComponent(redis.tls_ca)}` : ''
  return { kind: 'redis', url: built + search }
}

/** Where a relay asks: an origin and nothing behind it. @throws ConfigError */
export function parseRelayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' && url.href === `${url.origin}/`) return url
  throw new ConfigError(
    'environment RELAY_URL: is not the URL of a function; write https://host or https://host:port',
  )
}

/** The URL with its password, if there is one, replaced by asterisks. */
export function maskUrl(text: string): string {
  const url = new URL(text)
  if (url.password !== '') url.password = '********'
  return url.href
}
