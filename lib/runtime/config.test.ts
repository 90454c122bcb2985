import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { settingKeys } from '../settings/definitions.ts'
import { type Config, describeConfig, loadConfig } from './config.ts'
import { environmentName, specialNames } from './config-environment.ts'

const cwd = mkdtempSync(join(tmpdir(), 'mailgateway-config-'))
mkdirSync(join(cwd, 'conf'))
afterAll(() => rmSync(cwd, { recursive: true }))

/** Loads with a file of its own, so that nothing comes from the file in the project. */
function load(yaml: string, env: NodeJS.ProcessEnv = {}): Config {
  writeFileSync(join(cwd, 'conf/config.yaml'), yaml)
  return loadConfig({ env: { MAILGATEWAY_CONFIG: 'conf/config.yaml', ...env }, cwd })
}

function show(config: Config, key: string): string {
  const row = describeConfig(config).find(one => one.key === key)
  return `${row?.value} (${row?.source})`
}

test('with nothing configured everything is at its default', () => {
  const config = load('')
  expect(config.settings.auth).toEqual({
    max_fail_attempts: 5,
    fail_ttl: 60_000,
    lock_ttl: 300_000,
    default_domain: '',
    cache_ttl: 300_000,
    stale_ttl: 900_000,
    cache_max: 43_200_000,
    deadline: 8000,
    hash_deadline: 6000,
    hash_threads: 0,
  })
  expect(config.database).toEqual({ kind: 'sqlite', file: join(cwd, 'data/mailgateway.db') })
  expect([config.hotState, config.secretKeys, config.adminPassword]).toEqual([
    { kind: 'memory' },
    [],
    undefined,
  ])
  expect([...new Set(settingKeys.map(key => config.sources.get(key)))]).toEqual(['default'])
})

test('the file in the project is found without MAILGATEWAY_CONFIG, and changes nothing', () => {
  const config = loadConfig({ env: {}, cwd })
  expect(config.settings).toEqual(load('').settings)
  expect(show(config, 'auth.fail_ttl')).toBe('1m (conf/config.yaml)')
})

test('environment goes before file, file before default, and an empty variable is none', () => {
  const yaml = 'auth:\n  fail_ttl: 90s\n  lock_ttl: 10m\n  cache_ttl: 7m\n'
  const config = load(yaml, { MAILGATEWAY_AUTH_LOCK_TTL: '20m', MAILGATEWAY_AUTH_CACHE_TTL: '' })
  expect(show(config, 'auth.lock_ttl')).toBe('20m (environment MAILGATEWAY_AUTH_LOCK_TTL)')
  expect(show(config, 'auth.fail_ttl')).toBe('1m30s (conf/config.yaml)')
  expect(show(config, 'auth.cache_ttl')).toBe('7m (conf/config.yaml)')
  expect(show(config, 'auth.deadline')).toBe('8s (default)')
})

test('no two settings or variables share a name in the environment', () => {
  const names = [...settingKeys.map(environmentName), ...specialNames]
  expect(new Set(names).size).toBe(names.length)
})

test('a file of the original loads, ports as text and as number', () => {
  const config = load(`
server: { host: "0.0.0.0", port: "8089", mode: "release" }
auth_server:
  host: "127.0.0.1"
  port: 8090
database:
  host: "localhost"
  port: "3306"
  user: "mail"
  password: "f9#K2m/x@7"
  database: "mail_gateway"
  max_open_conns: 100
  max_idle_conns: 20
  conn_max_lifetime: 3600s
redis:
  host: localhost
  port: 6379
  password: ""
  db: 2
auth: { max_fail_attempts: 5, fail_ttl: 60s, lock_ttl: 300s }
jwt: { secret: "u3Vw81LmzQ0pXr5T", expiration: 24h, refresh_expiration: 168h }
totp: { issuer: "Mail Gateway", secret_length: 32 }
admin: { default_username: admin, default_password: "f9K2m!x7" }
log: { level: debug, file_path: "logs/app.log" }
`)
  expect(config.settings.server.port).toBe(8089)
  expect(config.settings.jwt).toMatchObject({ expiration: 86_400_000, refresh_expiration: 604_800_000 })
  expect(config.database).toEqual({
    kind: 'mysql',
    url: 'mysql://mail:f9%23K2m%2Fx%407@localhost:3306/mail_gateway',
  })
  expect(config.hotState).toEqual({ kind: 'redis', url: 'redis://localhost:6379/2' })
  expect(show(config, 'DATABASE_URL')).toBe(
    'mysql://mail:********@localhost:3306/mail_gateway (conf/config.yaml)',
  )
})

test.each([
  ['sqlite:/var/lib/m.db', { kind: 'sqlite', file: '/var/lib/m.db' }],
  ['sqlite:m.db', { kind: 'sqlite', file: join(cwd, 'm.db') }],
  ['mysql://u:p%40w@[::1]/db', { kind: 'mysql', url: 'mysql://u:p%40w@[::1]:3306/db' }],
])('DATABASE_URL %s goes before database.host', (url, expected) => {
  const config = load('database:\n  host: db.example.org\n', { DATABASE_URL: url })
  expect(config.database).toEqual(expected)
  expect(show(config, 'DATABASE_URL')).toMatch(/ \(environment DATABASE_URL\)$/)
})

test.each([
  ['redis://:q7Zk@h', 'redis://:q7Zk@h:6379/0'],
  ['rediss://u:q7Zk@h:7000/3', 'rediss://u:q7Zk@h:7000/3'],
])('REDIS_URL %s is understood', (url, expected) => {
  expect(load('', { REDIS_URL: url }).hotState).toEqual({ kind: 'redis', url: expected })
})

test('mode debug lowers the log level, unless another level or the environment says otherwise', () => {
  const level = (yaml: string, env: NodeJS.ProcessEnv = {}) => show(load(yaml, env), 'log.level')
  expect(level('server:\n  mode: debug\n')).toBe('debug (conf/config.yaml)')
  expect(level('log:\n  level: info\n', { MAILGATEWAY_SERVER_MODE: 'debug' })).toBe(
    'debug (environment MAILGATEWAY_SERVER_MODE)',
  )
  expect(level('server:\n  mode: debug\nlog:\n  level: warn\n')).toBe('warn (conf/config.yaml)')
  expect(level('server:\n  mode: debug\n', { MAILGATEWAY_LOG_LEVEL: 'info' })).toMatch(/^info /)
})

test('off loopback the nginx side needs its secret, and has it', () => {
  const yaml = 'auth_server:\n  host: 0.0.0.0\n  secret: k3J9x0Qwk3J9x0Qw\n'
  expect(load(yaml).settings.auth_server.secret).toBe('k3J9x0Qwk3J9x0Qw')
  expect(load('auth_server:\n  host: unix:auth.sock\n').settings.auth_server.host).toBe('unix:auth.sock')
})

test('several secret keys are kept in their order', () => {
  const [first, second] = ['k3J9x0Qw'.repeat(4), 'Zp6Rt2Vb'.repeat(4)]
  expect(load('', { MAILGATEWAY_SECRET_KEY: `${first}, ${second}` }).secretKeys).toEqual([first, second])
})

test('a secret may stand in a file, without the line break at its end', () => {
  const secret = 'k3J9x0Qw'.repeat(4)
  writeFileSync(join(cwd, 'secret'), `${secret}\n`)
  writeFileSync(join(cwd, 'url'), 'redis://:q7Zk@h\r\n')
  const config = load('', {
    MAILGATEWAY_SECRET_KEY_FILE: 'secret',
    MAILGATEWAY_AUTH_SERVER_SECRET_FILE: join(cwd, 'secret'),
    REDIS_URL_FILE: 'url',
    DATABASE_URL_FILE: '',
  })
  expect(config.secretKeys).toEqual([secret])
  expect(config.settings.auth_server.secret).toBe(secret)
  expect(config.hotState).toEqual({ kind: 'redis', url: 'redis://:q7Zk@h:6379/0' })
  expect(show(config, 'auth_server.secret')).toBe(
    '******** (environment MAILGATEWAY_AUTH_SERVER_SECRET_FILE)',
  )
  expect(show(config, 'MAILGATEWAY_SECRET_KEY')).toBe('******** (environment MAILGATEWAY_SECRET_KEY_FILE)')
  expect(show(config, 'REDIS_URL')).toBe('redis://:********@h:6379/0 (environment REDIS_URL_FILE)')
})
