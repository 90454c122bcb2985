/** Starting with a Redis that cannot be used is refused in one line; TLS and Sentinel as real servers do them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest'
import { addMailbox, setPassword } from '../../lib/mailbox/manage.ts'
import { answers } from './guarded.ts'
import { addBackends } from './in-process.ts'
import { type Node, openNode } from './node.ts'
import { chooseFreePort } from './ports.ts'
import { isListening, type RunningProcess, startProcess } from './process.ts'
import { type RedisServer, startRedis } from './redis.ts'

let folder: string
const undo: (() => Promise<unknown>)[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-redis-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const run = async (settings: string[], port?: number): Promise<RedisServer> => {
  const server = await startRedis(mkdtempSync(join(folder, 'server-')), port, settings)
  undo.push(() => server.stop('SIGKILL'))
  return server
}

const open = async (settings: Record<string, string>): Promise<Node> => {
  const node = await openNode(mkdtempSync(join(folder, 'data-')), settings)
  undo.push(node.close)
  return node
}

/** The one line that the start ends with. */
async function refusal(settings: Record<string, string>): Promise<string> {
  const error = await open(settings).then(
    () => new Error('it started'),
    (reason: Error) => reason,
  )
  expect(error.name).toBe('ConfigError')
  expect(error.message).not.toMatch(/\n|redis-password|wrong-one/)
  return error.message
}

const shared = (path: string, change: (url: URL) => void = () => {}) => {
  const url = new URL(inject('redis').url)
  url.pathname = path
  change(url)
  return { REDIS_URL: url.href }
}

test('a wrong password, an unknown user, a database that is not there, nobody at the port', async () => {
  const wrong = shared('/0', url => {
    url.password = 'wrong-one'
  })
  expect(await refusal(wrong)).toMatch(
    /^redis.user and redis.password or REDIS_URL: Redis at 127.0.0.1:\d+: it does not/,
  )
  const unknown = shared('/0', url => {
    url.username = 'nobody'
  })
  expect(await refusal(unknown)).toMatch(/^redis.user and redis.password or REDIS_URL: /)
  const none = shared('/0', url => {
    url.password = ''
  })
  expect(await refusal(none)).toMatch(/^redis.user and redis.password or REDIS_URL: /)
  expect(await refusal(shared('/99'))).toMatch(
    /^redis.db or REDIS_URL: Redis at .*: it has no database of that number/,
  )
  const nobody = { REDIS_URL: `redis://127.0.0.1:${await chooseFreePort()}/0` }
  expect(await refusal(nobody)).toMatch(/^redis.host and redis.port or REDIS_URL: .*ECONNREFUSED\)$/)
})

test('a user whose ACL does not let it do all that is needed', async () => {
  const server = await run([])
  await server.command(['acl', 'setuser', 'small', 'on', '>e2e-redis-password', '~*', '+@read', '+ping'])
  const url = new URL(server.url)
  url.username = 'small'
  expect(await refusal({ REDIS_URL: url.href })).toMatch(/^redis.user or REDIS_URL: .*its ACL needs/)
})

test('a server that would drop locks, a cluster, a replica', async () => {
  const full = await run(['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'])
  expect(await refusal({ REDIS_URL: full.url })).toContain('set maxmemory-policy noeviction')
  const boundless = await run(['--maxmemory-policy', 'allkeys-lru'])
  await open({ REDIS_URL: boundless.url })
  const cluster = await run(['--cluster-enabled', 'yes'])
  expect(await refusal({ REDIS_URL: cluster.url })).toContain('this is a Redis Cluster, which cannot')
  const replica = await run(['--replicaof', `127.0.0.1 ${full.port}`])
  expect(await refusal({ REDIS_URL: replica.url })).toContain('this is a replica, which cannot be written to')
})

test('TLS: the certificate is checked against the CA and the name', async () => {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ]
  execFileSync('openssl', [...made, '-keyout', key, '-out', certificate, ...subject], { stdio: 'ignore' })
  const port = await chooseFreePort()
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate]
  await run(['--port', '0', '--tls-port', `${port}`, '--tls-auth-clients', 'no', ...files], port)
  const at = (host: string, ca = '') => ({ REDIS_URL: `rediss://:e2e-redis-password@${host}:${port}/0${ca}` })
  const known = `?tls_ca=${certificate}`
  const node = await open(at('localhost', known))
  expect(await node.services.hot.apply([{ op: 'increment', key: 'n', ttlMs: 1_000 }])).toEqual([1])
  expect(await refusal(at('localhost'))).toMatch(/^redis.tls_ca or REDIS_URL: /)
  expect(await refusal(at('127.0.0.1', known))).toMatch(/^redis.tls_ca or REDIS_URL: /)
  expect(await refusal(at('localhost', '?tls_ca=/nowhere.pem'))).toMatch(
    /^redis.tls_ca: cannot read .*ENOENT/,
  )
  const bySettings = {
    MAILGATEWAY_REDIS_HOST: 'localhost',
    MAILGATEWAY_REDIS_PORT: `${port}`,
    MAILGATEWAY_REDIS_PASSWORD: 'e2e-redis-password',
  }
  expect(await refusal(bySettings)).toMatch(/^redis.host and redis.port or REDIS_URL: .*TLS/)
  const encrypted = { MAILGATEWAY_REDIS_TLS: 'on', MAILGATEWAY_REDIS_TLS_CA: certificate }
  await open({ ...bySettings, ...encrypted })
})

test('two prefixes in one database know nothing of each other', async () => {
  const server = await run([])
  const at = (prefix: string) => open({ REDIS_URL: server.url, MAILGATEWAY_REDIS_PREFIX: prefix })
  const [one, two] = [await at('one:'), await at('two:')]
  await one.services.hot.apply([{ op: 'write', key: 'k', value: 'x', ttlMs: 60_000 }])
  expect(await two.services.hot.apply([{ op: 'read', key: 'k' }])).toEqual([null])
  expect((await server.command(['keys', '*'])).split(',').toSorted()).toEqual([
    'one:2:k',
    'one:token',
    'two:token',
  ])
})

/** A primary, its replica, and a Sentinel that watches them. */
async function startSet(): Promise<{ primary: RedisServer; sentinel: RunningProcess; port: number }> {
  const auth = ['--masterauth', 'e2e-redis-password']
  const primary = await run(auth)
  await run([...auth, '--replicaof', `127.0.0.1 ${primary.port}`, '--repl-diskless-sync-delay', '0'])
  await vi.waitFor(
    async () => expect(await primary.command(['info', 'replication'])).toContain('state=online'),
    {
      timeout: 20_000,
    },
  )
  const port = await chooseFreePort()
  const file = join(mkdtempSync(join(folder, 'sentinel-')), 'sentinel.conf')
  const lines = [
    `sentinel monitor mail 127.0.0.1 ${primary.port} 1`,
    'sentinel auth-pass mail e2e-redis-password',
    'sentinel down-after-milliseconds mail 300',
    'sentinel failover-timeout mail 3000',
    'requirepass e2e-sentinel-password',
    `port ${port}`,
    'bind 127.0.0.1',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const sentinel = await startProcess({
    name: 'Sentinel',
    command: '/usr/bin/redis-sentinel',
    args: [file],
    isReady: () => isListening(port),
  })
  undo.push(() => sentinel.stop())
  return { primary, sentinel, port }
}

const behind = (port: number) => ({
  MAILGATEWAY_REDIS_SENTINELS: `127.0.0.1:${port}`,
  MAILGATEWAY_REDIS_SENTINEL_MASTER: 'mail',
  MAILGATEWAY_REDIS_SENTINEL_PASSWORD: 'e2e-sentinel-password',
  MAILGATEWAY_REDIS_PASSWORD: 'e2e-redis-password',
})

test('Sentinel: logins go on with the new primary, and what the old one knew is believed no more', async () => {
  const { primary, port } = await startSet()
  const node = await open(behind(port))
  await addBackends(node.services, { imap: 10143, pop3: 10110, smtp: 10587 })
  await addMailbox(node.services, { name: 'joe@example.org', password: 'the first of joe' })
  expect(await node.ask('joe@example.org', 'the first of joe')).toBe(answers.ok)
  const before = node.services.hot.generation()
  await primary.stop('SIGKILL')
  await setPassword(node.services, 'joe@example.org', 'the second of joe')
  await vi.waitFor(
    async () => expect(await node.ask('joe@example.org', 'the second of joe')).toBe(answers.ok),
    {
      timeout: 20_000,
      interval: 50,
    },
  )
  expect(await node.ask('joe@example.org', 'the first of joe')).toBe(answers.wrong)
  expect(node.services.hot.generation()).toBeGreaterThan(before)
})

test('Sentinel: nobody there, a wrong password, a name that they do not know', async () => {
  const { port } = await startSet()
  const nobody = behind(await chooseFreePort())
  expect(await refusal(nobody)).toMatch(/^redis.sentinels or REDIS_URL: Redis at mail at Sentinel /)
  const wrong = { ...behind(port), MAILGATEWAY_REDIS_SENTINEL_PASSWORD: 'wrong-one' }
  expect(await refusal(wrong)).toMatch(/^redis.sentinels or REDIS_URL: /)
  const unknown = { ...behind(port), MAILGATEWAY_REDIS_SENTINEL_MASTER: 'other' }
  expect(await refusal(unknown)).toMatch(/^redis.sentinels or REDIS_URL: /)
})
