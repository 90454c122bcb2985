import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { definitions, settingKeys } from '../settings/definitions.ts'
import { describeConfig, loadConfig } from './config.ts'
import { environmentName } from './config-environment.ts'
import { ConfigError } from './config-error.ts'

const cwd = mkdtempSync(join(tmpdir(), 'mailgateway-refusals-'))
mkdirSync(join(cwd, 'conf'))
afterAll(() => rmSync(cwd, { recursive: true }))

function load(yaml: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(join(cwd, 'conf/config.yaml'), yaml)
  return loadConfig({ env: { MAILGATEWAY_CONFIG: 'conf/config.yaml', ...env }, cwd })
}

test.each([
  [
    'auth:\n  fail_ttl: soon\n',
    'auth.fail_ttl in conf/config.yaml line 2: "soon" is not a duration; write 60s, 5m or 24h',
  ],
  [
    'auth:\n  deadline: 2h\n',
    'auth.deadline in conf/config.yaml line 2: "2h" is out of range; write a duration from 100ms to 60s',
  ],
  [
    'server:\n  port: 70000\n',
    'server.port in conf/config.yaml line 2: "70000" is not allowed; write a whole number from 1 to 65535',
  ],
  [
    'server:\n  host: "http://u:q7Zk@h"\n',
    'server.host in conf/config.yaml line 2: the value is not a host; write an IP address or a host name, without a port',
  ],
  [
    'log:\n  level: loud\n',
    'log.level in conf/config.yaml line 2: "loud" is not allowed; write trace, debug, info, warn or error',
  ],
  [
    'jwt:\n  secret: q7Zk\n',
    'jwt.secret in conf/config.yaml line 2: the value is too short; write at least 16 characters',
  ],
  [
    'admin:\n  default_password: admin123\n',
    'admin.default_password in conf/config.yaml line 2: the value is a known example value; write a secret of your own',
  ],
  [
    'auth_server:\n  host: 0.0.0.0\n',
    'auth_server.host in conf/config.yaml: "0.0.0.0" is not loopback; set auth_server.secret or write 127.0.0.1 or unix:/path',
  ],
  [
    'database:\n  host: db\n',
    'database.user in default: "" is not allowed; write the user to log in as at database.host',
  ],
  [
    'server:\n  workers: 2\nredis:\n  host: r\n',
    'server.workers in conf/config.yaml: 2 processes need a database server and Redis to share; set DATABASE_URL or database.host, and REDIS_URL or redis.host, or write 1',
  ],
  [
    'server:\n  workers: 2\ndatabase:\n  host: db\n  user: u\n',
    'server.workers in conf/config.yaml: 2 processes need a database server and Redis to share; set DATABASE_URL or database.host, and REDIS_URL or redis.host, or write 1',
  ],
])('the file %j is refused in one line', (yaml, message) => {
  expect(() => load(yaml)).toThrow(expect.objectContaining({ name: 'ConfigError', message }))
})

const escapes = 'in the password %2F stands for a /, %23 for a #, %3F for a ?'
const urlForms = `write sqlite:/path/file.db, sqlite:file.db or mysql://user:password@host:port/database; ${escapes}`
const redisForms = `write redis://user:password@host:port/0 or rediss://user:password@host:port/0?tls_ca=FILE; ${escapes}`
const key = 'k3J9x0Qw'.repeat(4)

test.each([
  [
    'MAILGATEWAY_AUTH_FAIL_TTL',
    'soon',
    'auth.fail_ttl in environment MAILGATEWAY_AUTH_FAIL_TTL: "soon" is not a duration; write 60s, 5m or 24h',
  ],
  [
    'MAILGATEWAY_AUTH_FAIL_TLL',
    '60s',
    'environment MAILGATEWAY_AUTH_FAIL_TLL: unknown setting; did you mean MAILGATEWAY_AUTH_FAIL_TTL?',
  ],
  [
    'MAILGATEWAY_SECRETKEY',
    key,
    'environment MAILGATEWAY_SECRETKEY: unknown setting; did you mean MAILGATEWAY_SECRET_KEY?',
  ],
  [
    'MAILGATEWAY_CONFIG',
    'none.yaml',
    'environment MAILGATEWAY_CONFIG: "none.yaml" does not exist; name a YAML file',
  ],
  ['MAILGATEWAY_CONFIG', 'conf', 'conf: cannot be read (EISDIR); name a YAML file this user may read'],
  [
    'MAILGATEWAY_SECRET_KEY',
    'q7Zk',
    'environment MAILGATEWAY_SECRET_KEY: the key is too short; write at least 32 characters',
  ],
  [
    'MAILGATEWAY_SECRET_KEY',
    `${key},`,
    'environment MAILGATEWAY_SECRET_KEY: key 2 of 2 is too short; write at least 32 characters',
  ],
  [
    'MAILGATEWAY_SECRET_KEY',
    'change-me-change-me-change-me-1234',
    'environment MAILGATEWAY_SECRET_KEY: the key is a known example value; write a secret of your own',
  ],
  [
    'MAILGATEWAY_ADMIN_PASSWORD',
    'q7Zkq7Zk',
    'environment MAILGATEWAY_ADMIN_PASSWORD: the password is too short; write at least 12 characters',
  ],
  [
    'MAILGATEWAY_ADMIN_PASSWORD',
    'q7Zk'.repeat(19),
    'environment MAILGATEWAY_ADMIN_PASSWORD: the password is too long; write at most 72 bytes',
  ],
  [
    'DATABASE_URL',
    'postgres://u:q7Zk@h/db',
    `environment DATABASE_URL: is not one of the known URLs; ${urlForms}`,
  ],
  [
    'DATABASE_URL',
    'mysql://u:q7/Zk@h/db',
    `environment DATABASE_URL: is not one of the known URLs; ${urlForms}`,
  ],
  ['DATABASE_URL', 'mysql://u:q7Zk@h', `environment DATABASE_URL: is not a database URL; ${urlForms}`],
  ['DATABASE_URL', 'mysql://h/db', `environment DATABASE_URL: is not a database URL; ${urlForms}`],
  [
    'DATABASE_URL',
    'mysql://u:q7Zk@h/db?ssl=true',
    'environment DATABASE_URL: behind the ? stands something else than tls=on, tls=off or tls_ca=FILE',
  ],
  ['DATABASE_URL', 'sqlite:', `environment DATABASE_URL: is not one of the known URLs; ${urlForms}`],
  ['DATABASE_URL', 'sqlite::memory:', `environment DATABASE_URL: is not one of the known URLs; ${urlForms}`],
  ['DATABASE_URL', 'sqlite:///m.db', `environment DATABASE_URL: is not one of the known URLs; ${urlForms}`],
  [
    'DATABASE_URL',
    'mysql://u:q7%Zk@h/db',
    'environment DATABASE_URL: has a % that begins no escape; write %25 for a %',
  ],
  [
    'DATABASE_URL',
    'mysql://u:change-me@h/db',
    'environment DATABASE_URL: its password is a known example value; set one of your own',
  ],
  ['REDIS_URL', 'http://:q7Zk@h', `environment REDIS_URL: is not one of the known URLs; ${redisForms}`],
  ['REDIS_URL', 'redis://:q7Zk@h?tls_ca=ca.pem', `environment REDIS_URL: is not a Redis URL; ${redisForms}`],
  ['REDIS_URL', 'redis://:q7Zk@h/name', `environment REDIS_URL: is not a Redis URL; ${redisForms}`],
])('the variable %s=%s is refused in one line', (name, value, message) => {
  expect(() => load('', { [name]: value })).toThrow(expect.objectContaining({ name: 'ConfigError', message }))
})

test('a file that is not UTF-8 is refused by name', () => {
  writeFileSync(join(cwd, 'latin.yaml'), Buffer.from([0x23, 0xe4, 0x0a]))
  expect(() => load('', { MAILGATEWAY_CONFIG: 'latin.yaml' })).toThrow(
    'latin.yaml: is not UTF-8 text; save it as UTF-8',
  )
})

const secretKeys = settingKeys.filter(one => definitions[one].secret)
const secretNames = [
  ...secretKeys.map(environmentName),
  'MAILGATEWAY_SECRET_KEY',
  'MAILGATEWAY_ADMIN_PASSWORD',
  'DATABASE_URL',
  'REDIS_URL',
]

/** A text that is in no message by itself: it ends in letters that the program never writes. */
const secretText = fc.string({ minLength: 1, maxLength: 40 }).map(text => `${text}Qz7Wq9Xj`)

test('no error and no row ever holds a secret, whatever is in the secrets', () => {
  const shape = fc.record({
    texts: fc.array(secretText, { minLength: secretNames.length, maxLength: secretNames.length }),
    escaped: fc.boolean(),
    other: fc.constantFrom(
      {},
      { MAILGATEWAY_AUTH_FAIL_TTL: 'soon' },
      { MAILGATEWAY_AUTH_SERVER_HOST: '0.0.0.0' },
    ),
  })
  let loaded = 0
  fc.assert(
    fc.property(shape, ({ texts, escaped, other }) => {
      const env: NodeJS.ProcessEnv = { ...other }
      for (const [index, name] of secretNames.entries()) {
        const text = escaped
          ? encodeURIComponent(`${texts[index]}${'Qz7Wq9Xj'.repeat(4)}`).slice(-60)
          : texts[index]
        const scheme = name === 'DATABASE_URL' ? 'mysql://u:' : 'redis://:'
        env[name] = name.endsWith('_URL')
          ? `${scheme}${text}@h/${scheme === 'mysql://u:' ? 'db' : '0'}`
          : text
      }
      let output: string
      try {
        output = JSON.stringify(describeConfig(load('', env)))
        loaded++
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        output = error.message
        expect(output).toMatch(/^[^\n\r]+$/)
      }
      expect(output).not.toContain('Qz7Wq9Xj')
    }),
    { numRuns: 300 },
  )
  expect(loaded).toBeGreaterThan(0)
})

test.each(secretKeys)('%s is masked when set, empty when not, and never repeated when refused', one => {
  const rows = (env: NodeJS.ProcessEnv) => describeConfig(load('', env)).find(row => row.key === one)?.value
  const name = environmentName(one)
  expect([rows({ [name]: 'Qz7Wq9Xj'.repeat(4) }), rows({})]).toEqual(['********', ''])
  expect(() => load('', { [name]: 'your-secret-key' })).toThrow('the value is a known example value')
})

test.each([
  [{ DATABASE_URL_FILE: 'missing' }, /^environment DATABASE_URL_FILE: ".*missing" cannot be read \(ENOENT\)/],
  [{ MAILGATEWAY_REDIS_PASSWORD_FILE: 'empty' }, /_FILE: ".*empty" is empty; write the secret into it$/],
  [
    { MAILGATEWAY_SECRET_KEY: 'k'.repeat(32), MAILGATEWAY_SECRET_KEY_FILE: 'empty' },
    /^environment MAILGATEWAY_SECRET_KEY_FILE: MAILGATEWAY_SECRET_KEY is set too; keep one$/,
  ],
  // What is no secret has no file: it would be read past by whoever looks for it.
  [
    { MAILGATEWAY_AUTH_FAIL_TTL_FILE: 'empty' },
    /^environment MAILGATEWAY_AUTH_FAIL_TTL_FILE: unknown setting; /,
  ],
])('%j', (env, message) => {
  writeFileSync(join(cwd, 'empty'), '\n')
  expect(() => load('', env)).toThrow(message)
})
