/** What administrators are told while a store is away, and that all works again when it is back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { operations } from '../../functions/index.ts'
import { within } from '../../lib/deadline.ts'
import { type Api, openApi } from './api.ts'
import { nginxLines } from './ask.ts'
import { askApp } from './ask-app.ts'
import { type Mariadb, startMariadb } from './mariadb.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { sharedSecret } from './stores.ts'

/** Nobody waits longer for an answer, whatever it is. */
const answerMs = 15_000

let folder: string
let mariadb: Mariadb
let redis: RedisServer
let api: Api
/** All that reads a store, of things that are there. */
let reads: string[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-away-'))
  mariadb = await startMariadb(join(folder, 'mariadb'))
  redis = await startRedis(join(folder, 'redis'))
  api = await openApi({
    DATABASE_URL: await mariadb.createDatabase('gateway'),
    REDIS_URL: redis.url,
    MAILGATEWAY_SECRET_KEY: sharedSecret,
    MAILGATEWAY_AUTH_MAX_FAIL_ATTEMPTS: '1',
  })
  await add('joe@example.com')
  const backend = await made('POST /api/backends', { protocol: 'imap', host: '127.0.0.1', port: 143 })
  const ban = await made('POST /api/bans', {
    cidr: '192.0.2.0/24',
    duration: 3_600_000,
    force: true,
    reason: 'test',
  })
  const exception = await made('POST /api/exceptions', { cidr: '198.51.100.0/24', kind: 'allow' })
  const named: Record<string, string> = {
    '/api/users/{name}': '/api/users/joe@example.com',
    '/api/admins/{username}': '/api/admins/superadmin',
    '/api/settings/{key}': '/api/settings/auth.fail_ttl',
    '/api/backends/{id}': `/api/backends/${backend.backend.id}`,
    '/api/bans/{id}': `/api/bans/${ban.id}`,
    '/api/exceptions/{id}': `/api/exceptions/${exception.id}`,
    '/api/auth-log/{request_id}': `/api/auth-log/${await lock('joe@example.com')}`,
  }
  const fill = (route: string) =>
    Object.entries(named).reduce((text, [pattern, path]) => text.replace(pattern, path), route)
  reads = operations
    .map(({ route }) => route)
    // One is about the code alone, the other never ends.
    .filter(route => /^GET (?!.*(openapi\.json|\/live)$)/.test(route))
    .map(fill)
})
afterAll(async () => {
  await api?.close()
  await redis?.stop()
  await mariadb?.stop()
  rmSync(folder, { recursive: true })
})

const ask = (route: string, body?: unknown) => within(answerMs, api.ask(route, 'superadmin', body))
const change = (name: string) => ask('POST /api/users', { name, password: 'correct horse battery' })

async function made(route: string, body: object) {
  const answer = await ask(route, body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body
}
const add = (name: string) => made('POST /api/users', { name, password: 'correct horse battery' })

/** Guesses at the mailbox until it is locked and the statistics have it. @returns the id of the first attempt */
async function lock(user: string): Promise<string> {
  const { db, stats } = api.services
  stats.start()
  const lines = nginxLines({ user, password: 'not the password' }, { 'Client-IP': '203.0.113.7' })
  await vi.waitFor(async () => {
    await askApp(api.services, lines)
    await db.selectFrom('auth_stats').select('count').executeTakeFirstOrThrow()
    expect((await ask(`GET /api/users/${user}`)).body.locked).toBe(true)
  }, 30_000)
  const { request_id } = await db
    .selectFrom('auth_log')
    .select('request_id')
    .orderBy('request_id')
    .limit(1)
    .executeTakeFirstOrThrow()
  return request_id
}

/** Status and code of everything that can be read, by its route. */
async function readAll(): Promise<Record<string, string>> {
  const answers = reads.map(async route => {
    const { status, headers, body } = await ask(route)
    const again = headers.get('Retry-After')
    return [route, status === 503 ? `503 ${body.code}, again in ${again} s` : String(status)] as const
  })
  return Object.fromEntries(await Promise.all(answers))
}

const allOf = (outcome: string) => Object.fromEntries(reads.map(route => [route, outcome]))

/** What the operation log has of a mailbox. */
async function logged(name: string): Promise<string[]> {
  const { body } = await ask('GET /api/operation-log?limit=100')
  return body.items
    .filter(({ target }: { target: string }) => target === name)
    .map(({ action, result }: Record<string, string>) => `${action}: ${result}`)
}

test('everything can be read while both are there', async () => {
  expect(reads.length).toBeGreaterThan(20)
  await expect.poll(readAll, { timeout: 20_000 }).toEqual(allOf('200'))
})

test('while the database is away everything says so; once it is back everything works again', async () => {
  await mariadb.stop('SIGKILL')
  expect(await readAll()).toEqual(allOf('503 database_away, again in 5 s'))
  const refused = await change('ann@example.com')
  expect(refused).toMatchObject({ status: 503, body: { code: 'database_away' } })
  expect(refused.headers.get('Retry-After')).toBe('5')
  const signIn = await ask('POST /login', { username: 'superadmin', password: 'not the password' })
  expect(signIn).toMatchObject({ status: 503, body: { code: 'database_away' } })

  mariadb = await startMariadb(mariadb.folder, mariadb.port)
  await expect.poll(readAll, { timeout: 20_000 }).toEqual(allOf('200'))
  expect(await logged('ann@example.com')).toEqual([])
  await add('ann@example.com')
  expect(await logged('ann@example.com')).toEqual(['user add: success'])
})

/** What is told of locks, of one mailbox that is locked for a while, and one that is until somebody unlocks it. */
async function readLocks() {
  const { items } = (await ask('GET /api/users?search=@example.org')).body
  const { locked, counters, networks } = (await ask('GET /api/users/joe@example.com')).body
  const attempt = reads.find(route => /auth-log\/0/.test(route))!
  return {
    listed: items.map(({ locked }: { locked: boolean | null }) => locked),
    locked,
    counters,
    networks,
    now: (await ask(attempt)).body.locks_now,
    counted: (await ask('GET /api/stats/overview')).body.locked_users,
  }
}

test('while Redis is away all can be read but what it alone knows, and nothing changed; once it is back everything works again', async () => {
  await add('joe@example.org')
  await add('kim@example.org')
  const { db } = api.services
  await db.updateTable('users').set({ guesses: 100 }).where('name', '=', 'kim@example.org').execute()
  expect(await readLocks()).toMatchObject({ listed: [false, true], locked: true, counted: 2, now: {} })

  await redis.stop('SIGKILL')
  expect(await readAll()).toEqual(allOf('200'))
  expect(await readLocks()).toEqual({
    listed: [null, true],
    locked: null,
    counters: null,
    networks: [],
    now: null,
    counted: null,
  })
  const byLock = await ask('GET /api/users?locked=false')
  expect(byLock).toMatchObject({ status: 503, body: { code: 'hot_state_away' } })
  expect(byLock.body.detail).toContain('who is locked is not known')
  const refused = await change('bob@example.com')
  expect(refused).toMatchObject({ status: 503, body: { code: 'hot_state_away' } })
  expect(refused.headers.get('Retry-After')).toBe('5')
  expect((await ask('GET /api/users/bob@example.com')).status).toBe(404)
  expect(await logged('bob@example.com')).toEqual([])

  redis = await startRedis(redis.folder, redis.port)
  await expect.poll(async () => (await change('bob@example.com')).status, { timeout: 20_000 }).toBe(201)
  expect(await readAll()).toEqual(allOf('200'))
  expect(await logged('bob@example.com')).toEqual(['user add: success'])
})
