import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import { Refusal } from '../refusal.ts'
import type { Services } from '../runtime/services.ts'
import { createApi } from './api.ts'
import { operationsOf } from './operation.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const operation = operationsOf<Services>()
const things = [
  operation({
    route: 'GET /api/things/{name}',
    role: 'auditor',
    summary: 'One.',
    path: z.strictObject({ name: z.string().max(5, 'must have at most 5 characters') }),
    query: z.strictObject({ limit: z.int('must be a whole number').default(3), all: z.boolean().optional() }),
    answer: z.unknown(),
    handle: ({ path, query, session, services }) => ({
      path,
      query,
      who: session.username,
      actor: services.actor,
    }),
  }),
  operation({
    route: 'PUT /api/things/{name}',
    role: 'operator',
    summary: 'Changes one.',
    path: z.strictObject({ name: z.string() }),
    body: z.strictObject({ size: z.int('must be a whole number') }),
    action: 'thing set',
    handle: () => {
      throw new Refusal('conflict', 'version', 'somebody else was faster')
    },
  }),
]

async function ask(route: string, as?: 'superadmin' | 'operator' | 'auditor', init: RequestInit = {}) {
  const [method = '', path = ''] = route.split(' ')
  const headers = { ...(as && { Authorization: `Bearer ${await api.tokenOf(as)}` }), ...init.headers }
  const response = await createApi(api.services, things).request(path, { method, ...init, headers })
  return { status: response.status, headers: response.headers, body: (await response.json()) as never }
}

const json = (body: unknown) => ({
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' },
})

test('a query has its numbers and booleans, a handler the name of who asks', async () => {
  const { status, body } = await ask('GET /api/things/j%C3%B6e?limit=7&all=true', 'auditor')
  expect(status).toBe(200)
  expect(body).toEqual({
    path: { name: 'jöe' },
    query: { limit: 7, all: true },
    who: 'auditor',
    actor: { name: 'auditor', address: '' },
  })
})

test('all fields at fault are named, and no value is repeated', async () => {
  const { status, body } = await ask('GET /api/things/s3cret-value?limit=secret&wrong=1', 'auditor')
  expect(status).toBe(400)
  expect(body).toMatchObject({
    code: 'invalid',
    errors: [
      { field: 'name', message: 'must have at most 5 characters' },
      { field: 'limit', message: 'must be a whole number' },
      { field: 'wrong', message: 'is not known here' },
    ],
  })
  expect(JSON.stringify(body)).not.toContain('s3cret')
})

test.each([
  ['no token', undefined],
  ['a token of nobody', 'Bearer abc'],
])('%s is answered with 401', async (_case, token) => {
  const { status, headers, body } = await ask('GET /api/things/joe', undefined, {
    headers: token === undefined ? {} : { Authorization: token },
  })
  expect([status, headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer'])
  expect(body).toMatchObject({ code: 'unauthorized', request_id: headers.get('X-Request-Id') })
})

test('what is refused is in the operation log, with who and why', async () => {
  expect((await ask('PUT /api/things/joe', 'auditor', json({ size: 1 }))).status).toBe(403)
  expect((await ask('PUT /api/things/joe', 'operator', json({ size: 'big' }))).status).toBe(400)
  expect((await ask('PUT /api/things/joe', 'operator', json({ size: 1 }))).status).toBe(409)
  const rows = await api.services.db.selectFrom('operation_log').selectAll().orderBy('id').execute()
  expect(
    rows.map(({ actor, action, target, result, detail }) => [
      actor,
      action,
      target,
      result,
      JSON.parse(detail).code,
    ]),
  ).toEqual([
    ['auditor', 'thing set', 'joe', 'failed', 'forbidden'],
    ['operator', 'thing set', 'joe', 'failed', 'invalid'],
    ['operator', 'thing set', 'joe', 'failed', 'conflict'],
  ])
})

test.each([
  ['not JSON', '{', 'application/json', 400],
  ['another type', 'size=1', 'application/x-www-form-urlencoded', 415],
  ['65 KiB', `{"size":"${'1'.repeat(65 * 1024)}"}`, 'application/json', 413],
])('a body that is %s', async (_case, body, type, expected) => {
  const headers = { 'Content-Type': type, 'Content-Length': String(body.length) }
  expect((await ask('PUT /api/things/joe', 'operator', { body, headers })).status).toBe(expected)
})

test('another path is 404, another method 405 with those that there are', async () => {
  expect((await ask('GET /api/nothing')).status).toBe(404)
  const { status, headers } = await ask('DELETE /api/things/joe')
  expect([status, headers.get('Allow')]).toEqual([405, 'GET, HEAD, PUT, OPTIONS'])
})

test('the client that a proxy tells is in the log, and what the proxy has shown for it nowhere', async () => {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: line => lines.push(line) })
  const { settings } = api.services
  const secret = 'k3J9x0Qw'.repeat(4)
  const server = { ...settings.server, proxy_secret: [secret] }
  const app = createApi({ ...api.services, log, settings: { ...settings, server } }, things)
  const headers = { 'X-Forwarded-For': '203.0.113.1', 'X-Proxy-Key': secret }
  const answer = await app.request('/api/things/joe', { headers })
  expect(lines.map(line => JSON.parse(line).client)).toEqual(['203.0.113.1'])
  expect([...lines, JSON.stringify([...answer.headers]), await answer.text()].join()).not.toContain(secret)
})
