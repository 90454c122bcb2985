/** An instance of the function nginx-auth on servers of its own: it stands still between calls, and they go on. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { forwardLines } from '../../functions/nginx-auth/forward-lines.ts'
import { readFromGateway } from '../../lib/edge/answer.ts'
import { sign } from '../../lib/edge/sign.ts'
import { newId } from '../../lib/id.ts'
import { verbs } from '../adapter/verbs.ts'
import { buildFunction } from '../build.ts'
import { nginxLines } from './ask.ts'
import { addBackends, type InProcess, openInProcess } from './in-process.ts'
import { type Mariadb, startMariadb } from './mariadb.ts'
import { hang } from './process.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { type FunctionInstance, startFunction } from './runtime-api.ts'
import { sharedSecret } from './stores.ts'

vi.setConfig({ testTimeout: 60_000 })

const secret = newId() + newId()
const joe = { user: 'joe@example.com', password: 'correct horse battery' }
const ann = { user: 'ann@example.com', password: 'staple of the other' }
const temporary = '[UNAVAILABLE] Temporary failure, please try again later'
const refused = '[AUTHENTICATIONFAILED] Invalid user name or password'

let folder: string
let mariadb: Mariadb
let redis: RedisServer
let seed: InProcess
let env: Record<string, string>
let bundle: string
let instance: FunctionInstance

const build = async (name: string) => (await buildFunction(name, join(folder, 'dist'))).entry
const start = (more: Record<string, string> = {}, timeoutMs?: number) =>
  startFunction(bundle, { ...env, ...more }, timeoutMs)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mg-function-'))
  mariadb = await startMariadb(join(folder, 'mariadb'))
  redis = await startRedis(join(folder, 'redis'))
  const stores = {
    DATABASE_URL: await mariadb.createDatabase('cloud'),
    REDIS_URL: redis.url,
    MAILGATEWAY_SECRET_KEY: sharedSecret,
  }
  seed = await openInProcess({ MAILGATEWAY_DATA_DIR: join(folder, 'seed'), ...stores })
  await addBackends(seed.services, { imap: 143, pop3: 110, smtp: 587 })
  for (const { user: name, password } of [joe, ann])
    await verbs['user add'](seed.services, { name, password })
  env = {
    ...stores,
    AWS_LAMBDA_FUNCTION_NAME: 'nginx-auth',
    TMPDIR: folder,
    MAILGATEWAY_EDGE_AUTH: 'hmac',
    MAILGATEWAY_EDGE_SECRET: secret,
  }
  bundle = await build('nginx-auth')
  instance = await start()
}, 180_000)
afterAll(async () => {
  await instance?.close()
  await seed?.close()
  await redis?.stop()
  await mariadb?.stop()
  rmSync(folder, { recursive: true })
})

interface Result {
  statusCode: number
  headers: Record<string, string>
}

/** `Auth-Status` of a login that a relay has signed. */
async function login(who = joe, at = instance): Promise<string | undefined> {
  const path = '/api/auth'
  const lines = forwardLines(nginxLines(who))
  const [id, time] = [newId(), String(Math.floor(Date.now() / 1_000))]
  const signature = sign(secret, { method: 'GET', path, time, id, lines })
  const proof = { 'x-edge-id': id, 'x-edge-time': time, 'x-edge-signature': signature }
  const headers = await call({ ...Object.fromEntries(lines), ...proof }, at)
  return readFromGateway(headers, id)?.answer['Auth-Status'] ?? headers['auth-status']
}

async function call(headers: Record<string, string>, at: FunctionInstance) {
  const path = '/api/auth'
  const result = await at.invoke({
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'function.example', ...headers },
    requestContext: { domainName: 'function.example', http: { method: 'GET', path, sourceIp: '192.0.2.1' } },
    isBase64Encoded: false,
  })
  const lines = Object.entries((result as Result).headers)
  return Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value]))
}

/** While it stands still, something happens. */
async function whileFrozen(work: () => Promise<unknown>): Promise<void> {
  await hang(instance.pid)
  try {
    await work()
    // An instance that was called a moment before takes nothing for old.
    await sleep(1_100)
  } finally {
    process.kill(instance.pid, 'SIGCONT')
  }
}

const connections = async () =>
  (await mariadb.query(`select id from information_schema.processlist where db = 'cloud'`)).map(({ id }) =>
    Number(id),
  )

test('without an edge proof configured it does not start, and says so in protocol', async () => {
  const open = await start({ MAILGATEWAY_EDGE_AUTH: 'off' })
  expect(await login(joe, open)).toBe('Temporary failure, please try again later')
  await open.close()
})

test('a request without proof costs no connection, no hash, no row', async () => {
  await seed.services.hot.apply([{ op: 'write', key: 'before', value: '', ttlMs: 1_000 }])
  const before = await connections()
  const cold = await start()
  expect(await call(Object.fromEntries(nginxLines(joe)), cold)).toEqual({
    'auth-status': 'Temporary failure, please try again later',
    'auth-error-code': '454 4.7.0',
  })
  expect(await connections()).toEqual(before)
  expect(await seed.services.db.selectFrom('auth_log').select('request_id').execute()).toEqual([])
  await cold.close()
})

test('an instance has one connection to the database, and after an answer it does nothing', async () => {
  const before = await connections()
  expect(await login()).toBe('OK')
  expect(await login({ ...ann, password: 'not the password' })).toBe(refused)
  expect(await login({ user: 'nobody', password: 'x' })).toBe(refused)
  expect(await Promise.all([login(), login(ann)])).toEqual(['OK', 'OK'])
  const mine = (await connections()).filter(id => !before.includes(id))
  expect(mine).toHaveLength(1)

  const work = async () => {
    const [row] = await mariadb.query(
      `select time, command from information_schema.processlist where id = ${mine[0]}`,
    )
    return row
  }
  await sleep(3_000)
  // Seconds since its last statement.
  expect(Number((await work())!.time)).toBeGreaterThanOrEqual(2)
  expect(readdirSync(folder)).not.toContain('spool')
})

test('what was changed while it stood still holds at the next call', async () => {
  await whileFrozen(() => verbs['user disable'](seed.services, { name: joe.user }))
  expect(await login()).toBe(refused)
  await whileFrozen(() => verbs['user enable'](seed.services, { name: joe.user }))
  expect(await login()).toBe('OK')
  await whileFrozen(() =>
    verbs['ban add'](seed.services, { cidr: '192.0.2.7', reason: 'test', ends_at: null }),
  )
  expect(await login()).toBe(refused)
  await whileFrozen(() => verbs['ban remove'](seed.services, { ban: '192.0.2.7/32' }))
  expect(await login()).toBe('OK')
})

test('connections that were cut while it stood still cost no login', async () => {
  const others = new Set(await connections())
  await seed.services.db.selectFrom('users').select('id').execute()
  await whileFrozen(async () => {
    for (const id of others) await mariadb.query(`kill ${id}`).catch(() => {})
    await redis.command(['client', 'kill', 'type', 'normal'])
  })
  expect(await login()).toBe('OK')
  expect(await login(ann)).toBe('OK')
})

test('a Redis that has lost everything meanwhile costs no login, and no old copy comes back', async () => {
  await whileFrozen(async () => {
    await redis.stop()
    redis = await startRedis(join(folder, 'redis'), redis.port)
    await vi.waitFor(() => verbs['user disable'](seed.services, { name: joe.user }), { timeout: 20_000 })
  })
  expect(await login()).toBe(refused)
  await verbs['user enable'](seed.services, { name: joe.user })
  expect(await login()).toBe('OK')
})

test('while the database is away there is a temporary failure, no file takes its place, and it ends by itself', async () => {
  const { port } = mariadb
  await mariadb.stop()
  expect(await login()).toBe(temporary)
  expect(readdirSync(folder)).not.toContain('spool')
  mariadb = await startMariadb(join(folder, 'mariadb'), port)
  await vi.waitFor(async () => expect(await login()).toBe('OK'), { timeout: 20_000, interval: 500 })
})

test('a call that would not end in time is answered before the platform ends it', async () => {
  const hurried = await start({}, 1_500)
  const isOk = async () => expect(await login(joe, hurried)).toBe('OK')
  await vi.waitFor(isOk, { timeout: 20_000, interval: 500 })
  await hang(redis.pid)
  await hang(mariadb.pid)
  try {
    const startedAt = performance.now()
    expect(await login(joe, hurried)).toMatch(/Temporary failure/)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  } finally {
    process.kill(redis.pid, 'SIGCONT')
    process.kill(mariadb.pid, 'SIGCONT')
  }
  await vi.waitFor(isOk, { timeout: 20_000, interval: 500 })
  await hurried.close()
})

test('tick counts from the log what no instance has counted', async () => {
  const tick = await startFunction(await build('tick'), { ...env, AWS_LAMBDA_FUNCTION_NAME: 'tick' })
  const outcomes = (await tick.invoke({})) as Record<string, string>
  await tick.close()
  expect(outcomes.count).toBe('done')
  const rows = await seed.services.db.selectFrom('auth_stats').select(['node', 'reason', 'count']).execute()
  expect(rows).toContainEqual(expect.objectContaining({ node: 'cloud', reason: 'ok' }))
  expect(await seed.services.db.selectFrom('active_users').select('user').execute()).toHaveLength(2)
})
