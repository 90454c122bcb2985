/** Bans and backends over the API of a running gateway, and what the next login through nginx makes of it. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { signIn } from './api.ts'
import { type Login, useImap } from './clients.ts'
import { openInProcess } from './in-process.ts'
import { type Rig, startRig } from './rig.ts'

vi.setConfig({ testTimeout: 60_000 })

const joe = { name: 'joe@example.com', password: 'correct horse battery' }
let rig: Rig
let token: string

beforeAll(async () => {
  rig = await startRig()
  await rig.addMailbox(joe)
  const beside = await openInProcess({ MAILGATEWAY_DATA_DIR: join(rig.folder, 'gateway') })
  token = await signIn(beside.services, 'operator')
  await beside.close()
})
afterAll(() => rig?.stop())

async function ask(route: string, body?: object) {
  const [method, path] = route.split(' ')
  const response = await fetch(`http://127.0.0.1:${rig.gateway.ports.admin}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

const logIn = () => {
  const { name: user, password } = joe
  const { certificate } = rig.nginx
  const login: Login = { port: rig.port(993), tls: 'implicit', certificate, user, password }
  return useImap(login)
}

test('a ban over the API refuses the next login, lifting it lets the one after in', async () => {
  expect(await logIn()).toMatchObject({ ok: true })
  const ban = { cidr: '127.0.0.0/8', duration: 3_600_000, reason: 'test' }
  expect(await ask('POST /api/bans', ban)).toMatchObject({ status: 400, body: { code: 'invalid' } })
  const made = await ask('POST /api/bans', { ...ban, force: true })
  expect(made).toMatchObject({ status: 201, body: { author: 'operator', in_force: true } })
  expect(await logIn()).toMatchObject({ ok: false })
  expect((await ask('GET /api/bans?address=127.0.0.1')).body.items).toMatchObject([{ id: made.body.id }])
  expect((await ask(`DELETE /api/bans/${made.body.id}`)).status).toBe(204)
  expect(await logIn()).toMatchObject({ ok: true })
})

test('draining over the API moves new logins, as the preview says', async () => {
  // The same server under another name, so that both can be logged in to.
  const second = { protocol: 'imap', host: 'localhost', port: rig.dovecot.ports.imap }
  expect((await ask('POST /api/backends', second)).status).toBe(201)
  // Of the name's addresses some may have no server.
  await expect
    .poll(async () => {
      const { items } = (await ask('GET /api/backends')).body
      const health = items.flatMap((each: { health: { checked_at: number | null }[] }) => each.health)
      return health.every(({ checked_at }: { checked_at: number | null }) => checked_at !== null)
    })
    .toBe(true)
  const preview = async () =>
    (await ask('POST /api/backends/preview', { user: joe.name, protocol: 'imap' })).body.chosen
  const lastBackend = async () => {
    const args = ['log', 'search', '--user', joe.name, '--limit', '1', '--json']
    return ((await rig.gateway.mustCli(args)).json as { backend: string }[])[0]!.backend
  }
  const first = await preview()
  expect(await logIn()).toMatchObject({ ok: true })
  expect(await lastBackend()).toBe(`${first.host}:${first.port}`)

  expect(await ask(`POST /api/backends/${first.id}/drain`)).toMatchObject({
    status: 200,
    body: { warning: null },
  })
  const other = await preview()
  expect(other.id).not.toBe(first.id)
  expect(await logIn()).toMatchObject({ ok: true })
  expect(await lastBackend()).toBe(`${other.host}:${other.port}`)
})
