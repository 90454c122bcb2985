/** Notices from a running gateway, by a mail server that answers, hangs, refuses, or is not there. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startGreeter } from '../../lib/backend/test-servers.ts'
import { ask, nginxLines } from './ask.ts'
import { makeCertificate } from './certificate.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { startMailServer } from './mail-server.ts'
import { readVerdict, tryLogin } from './mail-user.ts'
import { chooseFreePort } from './ports.ts'
import { seedFolder } from './seed.ts'
import { openStores, removeStores, withSecret } from './stores.ts'

const users = ['ann', 'bob', 'eve', 'joe'].map(name => `${name}@example.com`)
const [ann, bob, eve, joe] = users as [string, string, string, string]
const login = { user: 'gateway@example.org', password: 'open the mail, sesame' }
const root = mkdtempSync(join(tmpdir(), 'mailgateway-notify-'))
const folder = join(root, 'data')
const home = '192.0.2.7'
const abroad = '203.0.113.9'
let greeters: Greeters
let smtpPort: number
let settings: Record<string, string>

beforeAll(async () => {
  greeters = await startGreeters()
  smtpPort = await chooseFreePort()
  const { certificate } = makeCertificate(root)
  settings = {
    MAILGATEWAY_SMTP_HOST: 'localhost',
    MAILGATEWAY_SMTP_PORT: String(smtpPort),
    MAILGATEWAY_SMTP_TLS_CA: certificate,
    MAILGATEWAY_SMTP_USER: login.user,
    MAILGATEWAY_SMTP_PASSWORD: login.password,
    MAILGATEWAY_SMTP_FROM: 'Mail gateway <gateway@example.org>',
    MAILGATEWAY_NOTIFY_ADMINS: 'root@example.org',
    MAILGATEWAY_GUESSING_SPRAYING_LIMIT: '3',
    MAILGATEWAY_BACKEND_CHECK_INTERVAL: '1h',
  }
  const seeds = users.map(name => ({ name, cost: 4 }))
  await seedFolder(folder, seeds, greeters.ports, withSecret(await openStores(folder)))
})
afterAll(async () => {
  greeters?.close()
  await removeStores(folder)
  rmSync(root, { recursive: true })
})

const start = () => startGateway(folder, { settings })
const mailServer = () =>
  startMailServer({
    port: smtpPort,
    security: 'starttls',
    login,
    tls: { certificate: join(root, 'certificate.pem'), key: join(root, 'key.pem') },
  })

async function guess({ ports }: Gateway, user: string, password: string, address = abroad): Promise<void> {
  await ask(ports.nginx, nginxLines({ user, password }, { 'Client-IP': address })).then(readVerdict)
}

const list = async (gateway: Gateway, state: string) => (await gateway.do('notify list', { state })).items

const patiently = { timeout: 25_000, interval: 200 }

test('no login waits for a mail server that hangs or is not there; the mails go out when it is back, also after a kill', async () => {
  const gateway = await start()
  try {
    // A login that waited for the mail would have to give up long before the mail server does.
    const mustLogIn = async (user: string, address: string) =>
      expect(await tryLogin(gateway.ports.nginx, user, address)).toBe('yes')
    // Nobody listens.
    await mustLogIn(ann, home)
    await mustLogIn(ann, abroad)
    await vi.waitFor(async () => expect(await list(gateway, 'waiting')).toHaveLength(1), patiently)
    {
      await using silent = await startGreeter(null, smtpPort)
      await gateway.do('user totp enable', { name: joe })
      await vi.waitFor(() => expect(silent.connections).toBeGreaterThan(0), patiently)
      await mustLogIn(bob, home)
      await mustLogIn(bob, abroad)
      await vi.waitFor(async () => expect(await list(gateway, 'waiting')).toHaveLength(3), patiently)
    }
  } finally {
    await gateway.stop('SIGKILL')
  }

  await using server = await mailServer()
  await using again = await start()
  // Those that were tried already are due again after minutes: as many are sent at once as were not.
  await vi.waitFor(() => expect(server.received.length).toBeGreaterThan(0), patiently)
  const states = [...(await list(again, 'waiting')), ...(await list(again, 'sent'))]
  expect(states.map(({ kind, recipient }) => `${kind} ${recipient}`).sort()).toEqual([
    `new_network ${ann}`,
    `new_network ${bob}`,
    `totp_enrolled ${joe}`,
  ])
  expect(server.received.every(({ tls, user }) => tls && user === login.user)).toBe(true)
}, 120_000)

test('a lock reaches the owner, an attack the administrators, a new secret never leaves', async () => {
  await using server = await mailServer()
  await using gateway = await start()
  for (let i = 0; i < 5; i++) await guess(gateway, eve, `wrong ${i}`, '198.51.100.7')
  for (const user of [ann, bob, joe]) await guess(gateway, user, 'wrong password', '198.18.0.7')
  const { otpauth } = await gateway.do('user totp enable', { name: eve })
  const subjectsTo = (to: string) =>
    server.received.filter(mail => mail.to[0] === to).map(({ email }) => email.subject)
  await vi.waitFor(() => {
    expect(subjectsTo(eve).sort()).toEqual([
      `One-time codes for your mailbox ${eve} / 邮箱 ${eve} 的动态验证码`,
      `Wrong passwords for your mailbox ${eve} / 有人用错误的密码登录您的邮箱 ${eve}`,
    ])
    expect(subjectsTo('root@example.org')).toEqual([
      'Attack on mailboxes: one network tries many mailboxes (spraying) / 邮箱遭到攻击：一个网络尝试大量邮箱（密码喷洒）',
    ])
  }, patiently)
  const secret = new URL(otpauth).searchParams.get('secret')!
  const all = server.received.map(({ raw, email }) => raw + email.text).join('')
  expect(all).not.toContain(secret)
  expect(all).not.toContain('otpauth:')

  const { stdout } = await gateway.mustCli(['notify', 'test', 'root@example.org'])
  expect(stdout).toBe(`localhost:${smtpPort} took the mail: 250 kept\n`)
  server.refuse = () => '550 5.7.1 no relaying'
  const refused = await gateway.cli(['notify', 'test', 'root@elsewhere.example'])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toMatch(/550 5\.7\.1 no relaying.*check the address/)
  expect((await gateway.mustCli(['notify', 'list'])).stdout).toMatch(/locked +eve@example\.com +sent/)
  expect((await gateway.cli(['user', 'notify', eve, 'locked'])).stderr).toContain('was sent this minute')
}, 120_000)
