import { createSecretKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeFor } from '../../infra/e2e/authenticator.ts'
import { adminPassword, type Console, openConsole } from '../../infra/e2e/console.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { adminJobs } from '../../lib/admin/jobs.ts'
import { setAdmin } from '../../lib/admin/manage.ts'
import { resealAll } from '../../lib/admin/reseal.ts'
import { createSealer } from '../../lib/sealing.ts'

let host: InProcess
let console: Console
let now = Date.now()

beforeAll(async () => {
  host = await openInProcess(
    {
      MAILGATEWAY_SERVER_RATE_LIMIT: '100000',
      MAILGATEWAY_SERVER_CORS_ORIGINS: 'https://console.example.org',
    },
    { clock: () => now, steady: () => now },
  )
  console = openConsole(host.services)
})
afterAll(() => host.close())

async function signedIn(username: string) {
  const { body } = await console.signIn(username, adminPassword)
  return { token: body.access_token as string, refresh: body.refresh_token as string }
}
const refresh = (refresh_token: string) => console.send('POST /refresh', { body: { refresh_token } })
const statusOf = async (token: string) => (await console.send('GET /api/session', { token })).status

test('a refresh token works once and brings the next', async () => {
  const username = await console.newAdmin()
  const first = await signedIn(username)
  const { status, body } = await refresh(first.refresh)
  expect([status, body.profile.username]).toEqual([200, username])
  expect(body.refresh_token).not.toBe(first.refresh)
  expect(await statusOf(body.access_token)).toBe(200)
  expect((await refresh(body.refresh_token)).status).toBe(200)
})

test('one that was used before ends the session, for the thief and for the owner', async () => {
  const username = await console.newAdmin()
  const first = await signedIn(username)
  const other = await signedIn(username)
  const { body } = await refresh(first.refresh)
  const replay = await refresh(first.refresh)
  expect([replay.status, replay.body.code]).toEqual([401, 'session_ended'])
  expect(await statusOf(body.access_token)).toBe(401)
  expect(await statusOf(first.token)).toBe(401)
  expect((await refresh(body.refresh_token)).status).toBe(401)
  expect(await statusOf(other.token)).toBe(200)
  const row = await host.services.db
    .selectFrom('operation_log')
    .selectAll()
    .where('action', '=', 'refresh')
    .executeTakeFirstOrThrow()
  expect(row).toMatchObject({ actor: username, result: 'failed', target: username })
})

test('of two at once with the same token one gets the next, and the session ends', async () => {
  const first = await signedIn(await console.newAdmin())
  const answers = await Promise.all([refresh(first.refresh), refresh(first.refresh)])
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
  for (const { body } of answers) {
    if (body.refresh_token) expect((await refresh(body.refresh_token)).status).toBe(401)
  }
  expect(await statusOf(first.token)).toBe(401)
})

test('one that is made up of the id of a session ends nothing', async () => {
  const own = await signedIn(await console.newAdmin())
  const [id, random, proof] = own.refresh.split('.') as [string, string, string]
  const turned = (text: string) => [...text].toReversed().join('')
  for (const made of [
    `${id}.${turned(random)}`,
    `${id}.${turned(random)}.${proof}`,
    `${id}.${random}.${turned(proof)}`,
    `${id}.${random}.`,
  ])
    expect((await refresh(made)).body.code).toBe('session_ended')
  expect(await statusOf(own.token)).toBe(200)
  expect((await refresh(own.refresh)).status).toBe(200)
})

test.each(['', 'nonsense', `${'0'.repeat(36)}.${'a'.repeat(43)}`])('%j is no refresh token', async text => {
  expect((await refresh(text)).status).toBe(401)
})

test('browsers: the token comes in a cookie, for one path, out of reach of scripts and of other sites', async () => {
  const username = await console.newAdmin()
  const body = { username, password: adminPassword }
  const login = await console.send('POST /login', { body })
  expect(login.body).not.toHaveProperty('refresh_token')
  const cookie = login.headers.get('Set-Cookie')!
  expect(cookie.split('; ').slice(1)).toEqual([
    'Max-Age=43200',
    'Path=/refresh',
    'HttpOnly',
    'SameSite=Strict',
  ])
  const elsewhere = await console.send('POST http://mail.example.org/login', { body })
  expect(elsewhere.headers.get('Set-Cookie')).toMatch(/; Secure/)

  const headers = { Cookie: cookie.split(';')[0]! }
  const next = await console.send('POST /refresh', { body: {}, headers })
  expect(next.status).toBe(200)
  expect(next.body).not.toHaveProperty('refresh_token')
  expect(next.headers.get('Set-Cookie')).toMatch(/^mailgateway_refresh=[0-9a-f-]{36}\./)

  const out = await console.send('POST /logout', { token: next.body.access_token })
  expect([out.status, out.headers.get('Set-Cookie')]).toEqual([
    204,
    expect.stringMatching(/^mailgateway_refresh=; Max-Age=0; Path=\/refresh/),
  ])
  expect(await statusOf(next.body.access_token)).toBe(401)
})

test.each([
  ['http://localhost', 200],
  ['https://console.example.org', 200],
  ['https://evil.example', 403],
  ['null', 403],
])('a page of %s is answered %i', async (Origin, status) => {
  const body = { username: await console.newAdmin(), password: adminPassword }
  expect((await console.send('POST /login', { body, headers: { Origin } })).status).toBe(status)
})

test('other tokens than ours of now are worth nothing', async () => {
  const { token, refresh: refresh_token } = await signedIn(await console.newAdmin())
  const [, payload = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const { tokenKey } = host.services
  const sign = (changes: object, header: object = {}, key = tokenKey) =>
    new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...header })
      .sign(key)
  const none = [{ alg: 'none', typ: 'at+jwt' }, claims].map(part =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  expect(await statusOf(await sign({}))).toBe(200)
  const bad = {
    'alg none': `${none.join('.')}.`,
    issuer: await sign({ iss: 'other' }),
    audience: await sign({ aud: 'other' }),
    type: await sign({}, { typ: 'JWT' }),
    expired: await sign({ exp: Math.floor(now / 1000) - 1 }),
    'without an end': await sign({ exp: undefined }),
    'another key': await sign({}, {}, createSecretKey(Buffer.from('another key of 32 bytes or more.'))),
    'another algorithm': await sign({}, { alg: 'HS384' }),
    'no session': await sign({ sid: '00000000-0000-7000-8000-000000000000' }),
    'the refresh token': refresh_token,
  }
  const statuses = await Promise.all(
    Object.entries(bad).map(async ([name, bearer]) => [name, await statusOf(bearer)]),
  )
  expect(statuses).toEqual(Object.keys(bad).map(name => [name, 401]))
})

test('sessions end idle, and after their longest life; what has ended is deleted', async () => {
  const username = await console.newAdmin()
  const idle = await signedIn(username)
  now += 30 * 60_000
  expect((await refresh(idle.refresh)).status).toBe(401)

  let { refresh: last } = await signedIn(username)
  for (let minutes = 0; minutes < 12 * 60 - 25; minutes += 25) {
    now += 25 * 60_000
    const { status, body } = await refresh(last)
    expect(status).toBe(200)
    last = body.refresh_token
  }
  now += 25 * 60_000
  expect((await refresh(last)).status).toBe(401)

  const count = () => host.services.db.selectFrom('sessions').select('id').execute()
  expect(await count()).not.toEqual([])
  for (const job of adminJobs(host.services)) await job.run()
  expect(await count()).toEqual([])
})

test('a request is a use', async () => {
  const { token, refresh: last } = await signedIn(await console.newAdmin())
  for (let n = 0; n < 2; n++) {
    now += 14 * 60_000
    if (n === 0) expect(await statusOf(token)).toBe(200)
  }
  now += 14 * 60_000
  expect((await refresh(last)).status).toBe(200)
})

test('role, disable and sign-out are effective at the next request', async () => {
  const keeper = await console.newAdmin()
  const username = await console.newAdmin()
  const { token, refresh: last } = await signedIn(username)
  const services = { ...console.services, actor: { name: keeper, address: '' } }
  const add = () =>
    console.send('POST /api/admins', { token, body: { username: `x${now++}`, role: 'auditor' } })
  expect((await add()).status).toBe(201)
  await setAdmin(services, username, { role: 'auditor' })
  expect((await add()).body.code).toBe('forbidden')
  expect(await statusOf(token)).toBe(200)
  await setAdmin(services, username, { enabled: false })
  expect(await statusOf(token)).toBe(401)
  await setAdmin(services, username, { enabled: true })
  expect(await statusOf(token)).toBe(401)
  expect((await refresh(last)).status).toBe(401)
})

test('the own password: with the old one, after the rules, and all other sessions end', async () => {
  const username = await console.newAdmin()
  const [here, there] = [await signedIn(username), await signedIn(username)]
  const change = (old_password: string, new_password: string) =>
    console.send('PUT /api/session/password', { token: here.token, body: { old_password, new_password } })
  const good = 'another long password'
  for (const [old, wanted, field] of [
    ['wrong', good, 'old_password'],
    [adminPassword, 'too short', 'new_password'],
    [adminPassword, 'x'.repeat(73), 'new_password'],
    [adminPassword, 'passwordpassword', 'new_password'],
    [adminPassword, adminPassword, 'new_password'],
  ] as const) {
    const { status, body } = await change(old, wanted)
    expect([status, body.errors[0].field]).toEqual([400, field])
    expect(JSON.stringify(body)).not.toContain(wanted)
  }
  expect((await change(adminPassword, good)).status).toBe(200)
  expect([await statusOf(here.token), await statusOf(there.token)]).toEqual([200, 401])
  expect((await console.signIn(username, adminPassword)).status).toBe(401)
  expect((await console.signIn(username, good)).status).toBe(200)
  // A stolen session is no place to guess.
  for (let n = 0; n < 5; n++) await change(`guess ${n}`, good)
  expect((await change(good, 'yet another password')).status).toBe(409)
})

test('a password that somebody else chose has to be changed first', async () => {
  const keeper = await signedIn(await console.newAdmin())
  const username = `new${now++}`
  const made = await console.send('POST /api/admins', {
    token: keeper.token,
    body: { username, role: 'superadmin' },
  })
  const { body } = await console.signIn(username, made.body.one_time_password)
  expect(body.profile.must_change_password).toBe(true)
  const token = body.access_token
  expect((await console.send('GET /api/admins', { token })).body.code).toBe('password_change_required')
  const change = { old_password: made.body.one_time_password, new_password: adminPassword }
  expect((await console.send('PUT /api/session/password', { token, body: change })).status).toBe(200)
  expect((await console.send('GET /api/admins', { token })).status).toBe(200)
})

test('codes of the own: the password first, a picture once, a code to confirm; and off with the password', async () => {
  const username = await console.newAdmin()
  const { token } = await signedIn(username)
  const send = (route: string, body: object) => console.send(route, { token, body })
  expect((await send('POST /api/session/totp', { password: 'wrong' })).status).toBe(400)
  const { status, body } = await send('POST /api/session/totp', { password: adminPassword })
  expect(status).toBe(201)
  expect(body.otpauth).toMatch(/^otpauth:\/\/totp\/MailGateway:/)
  expect([body.qr_svg, body.qr_png]).toEqual([
    expect.stringContaining('<svg'),
    expect.stringMatching(/^data:image\/png;base64,/),
  ])
  const code = codeFor(body.otpauth, now)
  // Not in force yet.
  expect((await console.signIn(username, adminPassword)).status).toBe(200)
  expect((await send('POST /api/session/totp/confirm', { code: '12345' })).status).toBe(400)
  expect((await send('POST /api/session/totp/confirm', { code })).body.totp).toBe('on')
  expect((await send('POST /api/session/totp', { password: adminPassword })).status).toBe(409)
  expect((await console.signIn(username, adminPassword)).status).toBe(401)
  expect((await console.signIn(username, adminPassword, { code })).status).toBe(401)
  now += 30_000

  const row = () =>
    host.services.db
      .selectFrom('admin')
      .selectAll()
      .where('username', '=', username)
      .executeTakeFirstOrThrow()
  const { totp_secret } = await row()
  const newKey = createSecretKey(Buffer.alloc(32, 7))
  const sealer = {
    ...createSealer([newKey]),
    open: host.services.sealer.open,
  }
  const resealed = await resealAll({ ...host.services, sealer })
  expect([resealed.resealed, resealed.broken]).toEqual([1, []])
  expect((await row()).totp_secret).not.toBe(totp_secret)
  await host.services.db.updateTable('admin').set({ totp_secret }).where('username', '=', username).execute()

  const next = codeFor(body.otpauth, now)
  expect((await console.signIn(username, adminPassword, { code: next })).status).toBe(200)
  expect((await send('DELETE /api/session/totp', { password: 'wrong' })).status).toBe(400)
  expect((await send('DELETE /api/session/totp', { password: adminPassword })).status).toBe(204)
  expect((await console.signIn(username, adminPassword)).status).toBe(200)
})

test('own sessions are listed, and ended: one, or all others', async () => {
  const username = await console.newAdmin()
  await signedIn(username)
  const agent = 'x'.repeat(500)
  await console.signIn(username, adminPassword, { headers: { 'User-Agent': agent }, from: '203.0.113.9' })
  const { token } = await signedIn(username)
  const list = async () => (await console.send('GET /api/session/sessions', { token })).body.items
  const sessions = await list()
  expect(sessions.map(({ current }: { current: boolean }) => current)).toEqual([true, false, false])
  expect(sessions[1]).toMatchObject({
    username,
    client_address: '203.0.113.9',
    user_agent: agent.slice(0, 200),
  })
  for (let times = 0; times < 2; times++) {
    const route = `DELETE /api/session/sessions/${sessions[1].id}`
    expect((await console.send(route, { token })).status).toBe(204)
  }
  const stranger = await signedIn(await console.newAdmin())
  await console.send(`DELETE /api/session/sessions/${sessions[2].id}`, { token: stranger.token })
  expect(await list()).toHaveLength(2)
  expect((await console.send('DELETE /api/session/sessions', { token })).body).toEqual({ ended: 1 })
  expect(await list()).toHaveLength(1)
})

test('the language is kept', async () => {
  const { token } = await signedIn(await console.newAdmin('auditor'))
  const set = (language: unknown) => console.send('PATCH /api/session', { token, body: { language } })
  expect((await set('zh')).body.language).toBe('zh')
  expect((await set('fr')).status).toBe(400)
  expect((await set(null)).body.language).toBeNull()
})
