/** What administrators are told while a store is away, and that all works again when it is back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operations } from '../../functions/index.ts'
import { within } from '../../lib/deadline.ts'
import { newId } from '../../lib/id.ts'
import { type Api, openApi } from './api.ts'
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
    '/api/auth-log/{request_id}': `/api/auth-log/${newId()}`,
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
/** The one attempt that there is none of. */
const works = () => ({
  ...allOf('200'),
  ...Object.fromEntries(reads.filter(route => route.includes('/auth-log/0')).map(route => [route, '404'])),
})

/** What the operation log has of a mailbox. */
async function logged(name: string): Promise<string[]> {
  const { body } = await ask('GET /api/operation-log?limit=100')
  return body.items
    .filter(({ target }: { target: string }) => target === name)
    .map(({ action, result }: Record<string, string>) => `${action}: ${result}`)
}

test('everything can be read while both are there', async () => {
  expect(reads.length).toBeGreaterThan(20)
  expect(await readAll()).toEqual(works())
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
  await expect.poll(readAll, { timeout: 20_000 }).toEqual(works())
  expect(await logged('ann@example.com')).toEqual([])
  await add('ann@example.com')
  expect(await logged('ann@example.com')).toEqual(['user add: success'])
})

/** Whether a mailbox is locked for a while Redis alone knows, and nobody is told that it is not. */
const showLocks = ['GET /api/users', 'GET /api/users/joe@example.com']
const sayRedisIsAway = Object.fromEntries(showLocks.map(route => [route, '503 hot_state_away, again in 5 s']))

test('while Redis is away all but locks can be read and nothing changed; once it is back everything works again', async () => {
  await redis.stop('SIGKILL')
  expect(await readAll()).toEqual({ ...works(), ...sayRedisIsAway })
  const refused = await change('bob@example.com')
  expect(refused).toMatchObject({ status: 503, body: { code: 'hot_state_away' } })
  expect(refused.headers.get('Retry-After')).toBe('5')
  expect((await ask('GET /api/users/bob@example.com')).status).toBe(404)
  expect(await logged('bob@example.com')).toEqual([])

  redis = await startRedis(redis.folder, redis.port)
  await expect.poll(async () => (await change('bob@example.com')).status, { timeout: 20_000 }).toBe(201)
  expect(await readAll()).toEqual(works())
  expect(await logged('bob@example.com')).toEqual(['user add: success'])
})
