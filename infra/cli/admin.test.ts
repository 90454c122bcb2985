/** The first start, the way back in, and the commands about administrators: with a gateway and without one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Gateway, startGateway } from '../e2e/gateway.ts'

vi.setConfig({ testTimeout: 120_000 })

let folder: string
let gateway: Gateway
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-admin-'))
  gateway = await startGateway(join(folder, 'data'))
})
afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

async function send(route: string, body?: unknown, token?: string) {
  const [method = '', path = ''] = route.split(' ')
  const response = await fetch(`http://127.0.0.1:${gateway.ports.admin}${path}`, {
    method,
    headers: {
      'Content-Type': 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

const signIn = (username: string, password: string) => send('POST /login', { username, password })
const cli = (args: string) => gateway.mustCli(args.split(' '))
const chosen = 'a long password of mine'

/** What the start has printed. */
const printed = () => /administrator +(\S+)\n +password +(\S+) /.exec(gateway.output())

test('the first start prints a password once; it signs in, has to be changed, and a restart keeps all of it', async () => {
  // The welcome comes after the gateway has said that it is ready.
  await vi.waitFor(() => expect(printed()).not.toBeNull(), 10_000)
  const [, username = '', password = ''] = printed()!
  expect(username).toBe('admin')
  const { status, body } = await signIn(username, password)
  expect([status, body.profile.must_change_password]).toEqual([200, true])
  const changed = await send(
    'PUT /api/session/password',
    { old_password: password, new_password: chosen },
    body.access_token,
  )
  expect(changed.status).toBe(200)
  expect((await send('GET /api/admins', undefined, body.access_token)).status).toBe(200)

  const { ports } = gateway
  await gateway.stop()
  gateway = await startGateway(gateway.folder, { ports })
  expect((await send('GET /api/admins', undefined, body.access_token)).status).toBe(200)
  expect((await signIn(username, password)).status).toBe(401)
  expect((await signIn(username, chosen)).status).toBe(200)
  expect(gateway.output()).toContain('MailGateway is up.')
  expect(printed()).toBeNull()
})

test('a lock outlives a restart, and unlock is the way back in', async () => {
  const { stdout } = await cli('admin add kim --role operator --json')
  const { one_time_password } = JSON.parse(stdout)
  for (let n = 0; n < 5; n++) expect((await signIn('kim', `wrong password ${n}`)).status).toBe(401)
  expect((await signIn('kim', one_time_password)).status).toBe(401)
  const { ports } = gateway
  await gateway.stop('SIGKILL')
  gateway = await startGateway(gateway.folder, { ports })
  expect((await signIn('kim', one_time_password)).status).toBe(401)
  expect((await cli('admin list kim')).stdout).toMatch(/\nkim +operator +locked until /)
  expect((await cli('admin unlock kim')).stdout).toBe('unlocked kim\n')
  expect((await signIn('kim', one_time_password)).status).toBe(200)
  expect((await cli('session list kim')).stdout).toMatch(/^SESSION +NAME.*\n[0-9a-f-]{36} +kim +/)
  expect((await cli('session end --admin kim')).stdout).toBe('ended 1 session\n')
})

test('roles, states and passwords, for people', async () => {
  expect((await cli('admin role kim auditor')).stdout).toBe('kim is auditor now\n')
  expect((await cli('admin disable kim')).stdout).toBe('disabled kim\n')
  expect((await cli('admin enable kim')).stdout).toBe('enabled kim\n')
  const reset = (await cli('admin reset-password kim')).stdout
  const [, password = ''] = /shown this once:\n(\S+)\n$/.exec(reset) ?? []
  const { status, body } = await signIn('kim', password)
  expect(status).toBe(200)
  expect((await cli('admin reset-totp kim')).stdout).toBe('kim signs in without codes now\n')
  expect((await cli('admin delete kim')).stdout).toBe('deleted kim\n')
  expect((await send('GET /api/session', undefined, body.access_token)).status).toBe(401)
  expect((await cli('admin delete kim')).stdout).toBe('there was no kim\n')
})

test.each([
  ['admin delete admin', /last superadmin/],
  ['admin role admin auditor', /last superadmin/],
  ['admin add admin --role operator', /there is already an administrator admin/],
  ['admin add joe --role boss', /role must be one of superadmin, operator, auditor/],
  ['admin unlock nobody', /there is no administrator nobody/],
  ['session end 1', /there is no session 1/],
  ['session end', /either a session/],
])('%s is refused in one line', async (args, message) => {
  const { code, stdout, stderr } = await gateway.cli(args.split(' '))
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^mailgateway: [^\n]+\n$/)
  expect(stderr).toMatch(message)
})

test('without a gateway the commands work on its data', async () => {
  await gateway.stop()
  const { stdout } = await cli('admin reset-password admin --json')
  const { one_time_password } = JSON.parse(stdout)
  expect((await cli('session list')).stdout).toBe('nobody is signed in\n')
  gateway = await startGateway(gateway.folder, { ports: gateway.ports })
  expect((await signIn('admin', one_time_password)).status).toBe(200)
})
