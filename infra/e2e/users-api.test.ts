/** Mailboxes made over the API, used by real mail clients through a real nginx. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilWelcomed } from './admins.ts'
import { codeFor } from './authenticator.ts'
import { useImap } from './clients.ts'
import { type Rig, startRig } from './rig.ts'

const adminPassword = 'the first password of all'
const name = 'joe@example.com'
const password = 'correct horse battery'

let rig: Rig
let token: string
beforeAll(async () => {
  rig = await startRig({ settings: { MAILGATEWAY_ADMIN_PASSWORD: adminPassword } })
  rig.dovecot.addUser({ name, password })
  await untilWelcomed(rig.gateway)
  const { body } = await send('POST', '/login', { username: 'admin', password: adminPassword })
  token = body.access_token
})
afterAll(() => rig?.stop())

async function send(method: string, path: string, sent?: object) {
  const response = await fetch(`http://127.0.0.1:${rig.gateway.ports.admin}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: sent && JSON.stringify(sent),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

const login = (text: string) =>
  useImap({
    port: rig.port(993),
    tls: 'implicit',
    certificate: rig.nginx.certificate,
    user: name,
    password: text,
  })

test('made, logged in at once; with codes by oathtool; deleted, refused at the next attempt', async () => {
  expect((await send('POST', '/api/users', { name, password })).status).toBe(201)
  expect(await login(password)).toMatchObject({ ok: true })

  const { body } = await send('POST', `/api/users/${name}/totp`)
  expect(await login(password)).toMatchObject({ ok: true })
  expect((await send('POST', `/api/users/${name}/totp/confirm`, { code: null })).status).toBe(200)
  expect(await login(password)).toMatchObject({ ok: false })
  const withCode = password + codeFor(body.otpauth, Date.now())
  expect(await login(withCode)).toMatchObject({ ok: true })
  const shown = (await send('GET', `/api/users/${name}`)).body
  expect(shown).toMatchObject({ totp: 'on', networks: [{}], grants: [{ state: 'live' }] })
  expect(shown.last_logins.length).toBe(3)
  expect(shown.last_refusals).toMatchObject([{ reason: 'code_missing', protocol: 'imap' }])

  expect((await send('DELETE', `/api/users/${name}/grants`)).status).toBe(204)
  expect(await login(withCode)).toMatchObject({ ok: false })
  expect((await send('DELETE', `/api/users/${name}/totp`)).status).toBe(204)
  expect(await login(password)).toMatchObject({ ok: true })
  expect((await send('DELETE', `/api/users/${name}`)).status).toBe(204)
  expect(await login(password)).toMatchObject({ ok: false })
})

test('imported with a plain password, logged in at once', async () => {
  const content = `name,password\n${name},${password}\n`
  const { body } = await send('POST', '/api/users/import', { format: 'csv', content })
  expect(body).toMatchObject({ done: true, added: 1 })
  expect(await login(password)).toMatchObject({ ok: true })
})

test('ten thousand by the command line, with progress, and out again', async () => {
  const hash = '$2b$10$Vd5R0RvVXJqkXkzDqNnVGeBsSRcLr0Qh9gkXN0jTqv3kBEQzvOa9m'
  const lines = Array.from({ length: 10_000 }, (_, i) =>
    i < 200 ? `u${i}@example.org,${password},` : `u${i}@example.org,,${hash}`,
  )
  const csv = ['name,password,password_hash', ...lines, 'U7@example.org,,'].join('\n')
  const taken = await rig.gateway.cli(['user', 'import', '-', '--json'], csv)
  expect(taken.json).toMatchObject({ rows: 10_001, added: 10_000, failed: 1, errors: [{ line: 10_002 }] })
  expect(taken.code).toBe(1)
  const { stdout } = await rig.gateway.mustCli(['user', 'export'])
  expect(stdout.trimEnd().split('\r\n')).toHaveLength(10_002)
})
