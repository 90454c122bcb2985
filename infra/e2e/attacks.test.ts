/** What somebody with a low role, or none, tries at the API; each was tried against a gateway first. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operations } from '../../functions/index.ts'
import { signAccessToken } from '../../lib/admin/tokens.ts'
import { createApi } from '../../lib/http/api.ts'
import { newId } from '../../lib/id.ts'
import { type Api, addSession, openApi } from './api.ts'

const secrets = {
  MAILGATEWAY_JWT_SECRET: 'secret-of-access-tokens-0123456789',
  MAILGATEWAY_AUTH_SERVER_SECRET: 'secret-of-nginx-0123456789',
  MAILGATEWAY_SMTP_PASSWORD: 'secret-of-the-mail-server',
}
const password = 'secret horse battery'
const name = 'joe@example.com'
let api: Api
beforeAll(async () => {
  api = await openApi(secrets)
  expect((await api.ask('POST /api/users', 'operator', { name, password, totp: true })).status).toBe(201)
})
afterAll(() => api?.close())

const logged = (action: string) =>
  api.services.db
    .selectFrom('operation_log')
    .select(['actor', 'detail', 'result'])
    .where('action', '=', action)
    .orderBy('id', 'desc')
    .execute()

test('no secret is in anything that can be read, not even by superadmins', async () => {
  const { db } = api.services
  const backend = await api.ask('POST /api/backends', 'operator', {
    protocol: 'imap',
    host: '127.0.0.1',
    port: 143,
  })
  const { password_hash, totp_secret } = await db
    .selectFrom('users')
    .select(['password_hash', 'totp_secret'])
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  const digests = await db.selectFrom('sessions').select('refresh_digest').execute()
  const hidden = [
    ...Object.values(secrets),
    password,
    password_hash,
    totp_secret!,
    ...digests.map(({ refresh_digest }) => refresh_digest),
  ]
  const names: Record<string, string> = {
    name,
    username: 'superadmin',
    key: 'smtp.password',
    id: backend.body.backend.id,
    request_id: newId(),
  }
  await api.tokenOf('superadmin')
  for (const { route } of operations.filter(({ route }) => /^GET (?!.*\/live)/.test(route))) {
    const answer = await api.ask(
      route.replaceAll(/\{(\w+)\}/g, (_, each: string) => names[each]!),
      'superadmin',
    )
    const text = JSON.stringify([answer.body, Object.fromEntries(answer.headers)])
    for (const secret of hidden) expect(text.includes(secret), route).toBe(false)
  }
})

test('a refused body of thousands of fields leaves one short row, and gets a short answer', async () => {
  const body = JSON.stringify(Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [`f${i}`, 1])))
  expect(body.length).toBeLessThan(64 * 1024)
  const { status, body: problem } = await api.ask('PATCH /api/session', 'auditor', body)
  expect([status, problem.code, problem.errors.length]).toEqual([400, 'invalid', 20])
  const [row] = await logged('session set')
  expect(row).toMatchObject({ actor: 'auditor', result: 'failed' })
  expect(row!.detail.length).toBeLessThan(2_000)
  const long = await api.ask('POST /api/users', 'operator', {
    name: 'x'.repeat(250),
    password: '',
    ['y'.repeat(60_000)]: 1,
  })
  expect(long.status).toBe(400)
  expect((await logged('user add'))[0]!.detail.length).toBeLessThan(2_000)
})

test.each<[string, 'auditor' | 'operator' | 'superadmin', object]>([
  ['PATCH /api/session', 'auditor', { language: 'en', role: 'superadmin' }],
  ['PATCH /api/session', 'auditor', { language: 'en', must_change_password: false }],
  ['PATCH /api/admins/auditor', 'superadmin', { enabled: true, password_hash: 'x' }],
  ['POST /api/admins', 'superadmin', { username: 'eve', role: 'auditor', must_change_password: false }],
  ['POST /api/admins', 'superadmin', { username: 'eve', role: 'auditor', password: password }],
  ['PATCH /api/users/joe@example.com', 'operator', { owner: 'Joe', guesses: 0 }],
  ['PATCH /api/users/joe@example.com', 'operator', { owner: 'Joe', credential_version: 1 }],
  ['PATCH /api/users/joe@example.com', 'operator', { owner: 'Joe', totp_confirmed: 0 }],
  ['POST /api/users', 'operator', { name: 'eve@example.com', password, password_hash: 'x' }],
  ['POST /api/bans', 'operator', { cidr: '192.0.2.1', duration: 1_000, reason: 'x', author: 'root' }],
  ['POST /api/exceptions', 'operator', { cidr: '192.0.2.1', kind: 'allow', author: 'root' }],
  ['POST /login', 'auditor', { username: 'eve', password, role: 'superadmin' }],
])('mass assignment: %s as %s with %j', async (route, as, body) => {
  const before = await api.services.db.selectFrom('users').selectAll().execute()
  const answer = await api.ask(route, as, body)
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid'])
  expect(await api.services.db.selectFrom('users').selectAll().execute()).toEqual(before)
})

/** Of a number of changes of one thing as it was read once, one is made. */
test('of eight who change what they have read at the same moment one does, and the others are told', async () => {
  const backend = { protocol: 'pop3', host: '127.0.0.1', port: 110 }
  const ban = { cidr: '192.0.2.0/24', duration: 3_600_000, reason: 'x', force: true }
  const made = {
    backend: (await api.ask('POST /api/backends', 'operator', backend)).body.backend,
    ban: (await api.ask('POST /api/bans', 'operator', ban)).body,
    exception: (await api.ask('POST /api/exceptions', 'operator', { cidr: '192.0.2.9', kind: 'allow' })).body,
    user: (await api.ask(`GET /api/users/${name}`, 'auditor')).body,
    admin: (await api.ask('POST /api/admins', 'superadmin', { username: 'kim', role: 'operator' })).body,
  }
  const changes: [string, number, (i: number) => object][] = [
    [`PATCH /api/backends/${made.backend.id}`, made.backend.version, i => ({ weight: i + 2 })],
    [`PATCH /api/bans/${made.ban.id}`, made.ban.version, i => ({ reason: `r${i}` })],
    [`PATCH /api/exceptions/${made.exception.id}`, made.exception.version, i => ({ note: `n${i}` })],
    [`PATCH /api/users/${name}`, made.user.version, i => ({ owner: `o${i}` })],
    ['PATCH /api/admins/kim', made.admin.version, () => ({ role: 'auditor' })],
  ]
  for (const [route, version, changeOf] of changes) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => api.ask(route, 'superadmin', { ...changeOf(i), version })),
    )
    const statuses = answers.map(({ status }) => status).toSorted()
    expect([route, statuses]).toEqual([route, [200, ...Array(7).fill(409)]])
  }
})

test('who was deleted and made again under the same name is somebody else', async () => {
  const own = await addSession(api.services, 'superadmin', { username: 'phoenix' })
  const { token } = await signAccessToken(api.services, own)
  expect((await api.ask('GET /api/session', token)).status).toBe(200)
  expect((await api.ask('DELETE /api/admins/phoenix', 'superadmin')).status).toBe(204)
  await api.ask('POST /api/admins', 'superadmin', { username: 'phoenix', role: 'superadmin' })
  expect((await api.ask('GET /api/session', token)).status).toBe(401)
})

test('a role that was taken away is gone at the next request, also of requests that are under way together', async () => {
  const own = await addSession(api.services, 'operator', { username: 'falling' })
  const { token } = await signAccessToken(api.services, own)
  expect((await api.ask('POST /api/exceptions', token, { cidr: '192.0.2.8', kind: 'allow' })).status).toBe(
    201,
  )
  await api.ask('PATCH /api/admins/falling', 'superadmin', { role: 'auditor' })
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      api.ask('POST /api/exceptions', token, { cidr: `192.0.2.${i}`, kind: 'allow' }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(403))
})

test.each(['a\r\nSet-Cookie: b=c', 'a b', '<script>', 'x'.repeat(200), '%0d%0aX: y'])(
  'a request id of %j is not sent back',
  async id => {
    const app = createApi(api.services, operations)
    const request = new Request('http://localhost/api/openapi.json')
    // What no client library would send; the parser of the real server refuses line ends before.
    const sent = id.replaceAll(/[\r\n]/g, '')
    request.headers.set('X-Request-Id', sent)
    const { headers } = await app.request(request)
    expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
  },
)

test('an import of a hundred thousand lines lets other work have its turn', async () => {
  const content = '{"name":"a b"}\n'.repeat(100_000)
  let turns = 0
  let isOver = false
  const counting = (async () => {
    for (; !isOver; turns++) await nextTurn()
  })()
  const { status, body } = await api.ask('POST /api/users/import', 'operator', {
    format: 'ndjson',
    content,
    dry_run: true,
  })
  isOver = true
  await counting
  expect([status, body.failed, body.errors.length]).toEqual([200, 100_000, 1_000])
  // Twice for every two hundred: when they are read, and when they are looked at.
  expect(turns).toBeGreaterThan(900)
  const more = await api.ask('POST /api/users/import', 'operator', {
    format: 'ndjson',
    content: `${content}{}\n`,
  })
  expect([more.status, more.body.errors[0].field]).toEqual([400, 'content'])
}, 60_000)
