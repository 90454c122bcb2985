/** What the running gateway's /metrics shows of real logins, and what it never shows. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reasons } from '../../lib/login/reasons.ts'
import { untilWelcomed } from './admins.ts'
import { ask, type Line, nginxLines, sendRaw } from './ask.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { mapAtOnce } from './mail-user.ts'
import { chooseFreePort } from './ports.ts'
import { type Scrape, scrape } from './scrape.ts'

const secret = 'a secret of nginx'.replaceAll(' ', '-')
const joe = { user: 'joe@example.com', password: 'correct horse battery' }
const folder = mkdtempSync(join(tmpdir(), 'mailgateway-metrics-'))
let greeters: Greeters
let gateway: Gateway

beforeAll(async () => {
  greeters = await startGreeters()
  gateway = await startGateway(join(folder, 'data'), { settings: { MAILGATEWAY_AUTH_SERVER_SECRET: secret } })
  // The first administrator's password is hashed, and its hash counted, beside all else.
  await untilWelcomed(gateway)
  await gateway.addBackends(greeters.ports)
  await gateway.do('user add', { name: joe.user, password: joe.password })
  // From here on every series that depends on the configuration is there.
  for (const protocol of ['imap', 'pop3', 'smtp']) await login({ ...joe, protocol })
})
afterAll(async () => {
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

const login = (who: Parameters<typeof nginxLines>[0], replaced: Record<string, string | undefined> = {}) =>
  ask(gateway.ports.nginx, nginxLines(who, { 'X-Auth-Key': secret, ...replaced }))
const look = () => scrape(gateway.ports.nginx, secret)

/** How much each series rose, without those that did not. */
async function risen(work: () => Promise<unknown>, among: RegExp): Promise<Record<string, number>> {
  const before = await look()
  await work()
  const after = await look()
  const rises = [...after.series].map(
    ([name, value]) => [name, value - (before.series.get(name) ?? 0)] as const,
  )
  return Object.fromEntries(rises.filter(([name, rise]) => among.test(name) && rise !== 0))
}

test.each<[string, Line[], RegExp]>([
  ['without the secret', [], / 401 /],
  ['with another one', [['X-Auth-Key', `${secret}!`]], / 401 /],
  [
    'with it twice',
    [
      ['X-Auth-Key', secret],
      ['X-Auth-Key', secret],
    ],
    / 401 /,
  ],
  ['with it', [['X-Auth-Key', secret]], / 200 /],
  ['with it as a bearer token', [['Authorization', `Bearer ${secret}`]], / 200 /],
])('%s', async (_, lines, status) => {
  const headers = lines.map(line => `${line.join(': ')}\r\n`).join('')
  const answer = await sendRaw(
    gateway.ports.nginx,
    `GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`,
  )
  expect(answer.statusLine).toMatch(status)
  expect(answer.text.includes('mailgateway_logins_total')).toBe(status.source === ' 200 ')
  expect(answer.text).not.toContain(secret)
})

test('nginx is answered as ever: nothing but its headers, also for other paths', async () => {
  const names = [
    'auth-port',
    'auth-server',
    'auth-status',
    'auth-user',
    'connection',
    'content-length',
    'date',
  ]
  const { headers, text } = await login(joe)
  expect(Object.keys(headers).filter(name => !names.includes(name))).toEqual([])
  expect(text.length).toBeLessThanOrEqual(1_024)
  const other = await sendRaw(gateway.ports.nginx, 'GET /metrics/x HTTP/1.0\r\n\r\n')
  expect(other.headers['auth-status']).toBeTruthy()
})

test('promtool finds nothing to complain of', async () => {
  const { text } = await look()
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  expect(stdout + stderr).toBe('')
  expect(status).toBe(0)
})

test('every reason has its series before it happens for the first time', async () => {
  const { series } = await look()
  for (const [reason, { kind }] of Object.entries(reasons)) {
    expect(
      series.has(`mailgateway_logins_total{protocol="unknown",result="${kind}",reason="${reason}"}`),
    ).toBe(true)
  }
})

const logins =
  /^mailgateway_(logins_total|backend_logins|login_duration_seconds_count|hash_duration_seconds_count)/

test('a warm login, a wrong one, and a request that is none', async () => {
  expect(await risen(() => login(joe), logins)).toEqual({
    'mailgateway_logins_total{protocol="imap",result="accept",reason="ok"}': 1,
    'mailgateway_login_duration_seconds_count{cache="hit"}': 1,
    [`mailgateway_backend_logins_total{protocol="imap",backend="127.0.0.1:${greeters.ports.imap}"}`]: 1,
  })
  expect(await risen(() => login({ ...joe, password: 'wrong' }), logins)).toEqual({
    'mailgateway_logins_total{protocol="imap",result="refuse",reason="wrong_password"}': 1,
    'mailgateway_login_duration_seconds_count{cache="miss"}': 1,
    mailgateway_hash_duration_seconds_count: 1,
  })
  expect(await risen(() => login({ ...joe, protocol: 'nntp' }), logins)).toEqual({
    'mailgateway_logins_total{protocol="unknown",result="refuse",reason="bad_request"}': 1,
    'mailgateway_login_duration_seconds_count{cache="unused"}': 1,
  })
})

test('guesses up to the lock, and who is kept out by it', async () => {
  const ann = 'ann@example.com'
  const from = { 'Client-IP': '198.51.100.7' }
  const guess = async () => {
    for (let i = 0; i < 7; i++) await login({ user: ann, password: `wrong ${i}` }, from)
  }
  expect(await risen(guess, /^mailgateway_(logins|guessing)/)).toEqual({
    'mailgateway_logins_total{protocol="imap",result="refuse",reason="unknown_user"}': 5,
    'mailgateway_logins_total{protocol="imap",result="later",reason="locked"}': 2,
    'mailgateway_guessing_refusals_total{counter="user"}': 2,
  })
})

test('spraying: the alert, the ban, its effect, folded rows; and a ban by hand', async () => {
  const from = { 'Client-IP': '203.0.113.7' }
  const spray = async () => {
    for (let i = 0; i < 12; i++) await login({ user: `user${i}@example.com`, password: 'summer' }, from)
  }
  expect(await risen(spray, /^mailgateway_(bans|guessing|audit_folded)/)).toEqual({
    'mailgateway_guessing_alerts_total{alert="spraying"}': 1,
    'mailgateway_bans_made_total{event="spraying"}': 1,
    'mailgateway_bans_in_force{event="spraying"}': 1,
    'mailgateway_guessing_refusals_total{counter="spraying"}': 2,
    mailgateway_audit_folded_attempts_total: 2,
  })
  const ban = async () => {
    await gateway.do('ban add', { cidr: '192.0.2.99', duration: 3_600_000, reason: 'test' })
    await login(joe)
  }
  expect(await risen(ban, /^mailgateway_bans/)).toEqual({
    'mailgateway_bans_made_total{event="manual"}': 1,
    'mailgateway_bans_in_force{event="manual"}': 1,
  })
  await gateway.do('ban remove', { ban: '192.0.2.99' })
  expect(await risen(() => login(joe), /^mailgateway_bans/)).toEqual({
    'mailgateway_bans_in_force{event="manual"}': -1,
  })
})

test('the auth log: every attempt once', async () => {
  const twenty = () => mapAtOnce(Array.from({ length: 20 }), 20, () => login(joe))
  const rises = await risen(twenty, /^mailgateway_audit/)
  expect(rises.mailgateway_audit_batch_attempts_sum).toBe(20)
  expect(rises.mailgateway_audit_insert_duration_seconds_count).toBe(
    rises.mailgateway_audit_lag_seconds_count,
  )
  expect((await look()).series.get('mailgateway_audit_queue_length')).toBe(0)
})

test('more passwords than can be checked: the queue while they wait, the rest refused', async () => {
  const flood = Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      login({ user: `cold${i}@example.com`, password: 'x' }, { 'Client-IP': `198.18.${i}.1` }),
    ),
  )
  await expect.poll(async () => (await look()).series.get('mailgateway_hash_queue_length')).toBeGreaterThan(5)
  await flood
  const { series } = await look()
  expect(series.get('mailgateway_hash_queue_length')).toBe(0)
  const refused = series.get('mailgateway_hashes_refused_total')
  expect(refused).toBeGreaterThan(0)
  expect(series.get('mailgateway_logins_total{protocol="imap",result="later",reason="busy"}')).toBe(refused)
})

test('a backend that is down, draining, removed', async () => {
  const port = await chooseFreePort()
  const up = (state: string) =>
    `mailgateway_backend_up{protocol="pop3",backend="127.0.0.1:${port}",state="${state}"}`
  const level = async (name: string) => (await look()).series.get(name)
  await gateway.addBackends({ pop3: port })
  await expect.poll(() => level(up('active')), { timeout: 20_000 }).toBe(0)
  await gateway.do('backend drain', { backend: `127.0.0.1:${port}` })
  await expect.poll(() => level(up('draining')), { timeout: 20_000 }).toBe(0)
  expect(await level(up('active'))).toBeUndefined()
  await gateway.do('backend remove', { backend: `127.0.0.1:${port}` })
  await expect.poll(() => level(up('draining')), { timeout: 20_000 }).toBeUndefined()
})

test('strange names, protocols, methods and addresses make no series, and nobody is in a label', async () => {
  const ours = ({ series }: Scrape) =>
    [...series.keys()].filter(name => name.startsWith('mailgateway_')).sort()
  const before = ours(await look())
  const strange = Array.from({ length: 1_000 }, (_, i) => ({
    user: i % 3 === 0 ? `outsider${i}@domain${i}.example` : `outsider"${i}"}\\n{x="`,
    password: `hunter${i}`,
    address: i % 2 === 0 ? `2001:db8:${i.toString(16)}::1` : `100.64.${i % 250}.${i % 200}`,
    protocol: ['imap', 'IMAP', `proto${i}`, `"}${i}`, undefined][i % 5],
    method: ['plain', `method${i}`, `cram-md${i}`, '"}x{', undefined][(i >> 1) % 5],
  }))
  // Whoever could be hashed comes from one banned address, else this would take minutes.
  const banned = '203.0.113.7'
  await mapAtOnce(strange, 32, ({ user, password, address, protocol, method }) => {
    const from = protocol === 'imap' && method === 'plain' ? banned : address
    return login({ user, password }, { 'Auth-Protocol': protocol, 'Auth-Method': method, 'Client-IP': from })
  })
  const after = await look()
  expect(ours(after)).toEqual(before)
  expect(after.series.size).toBeLessThan(600)
  const whoAndWhat = [
    secret,
    joe.user,
    joe.password,
    'example.com',
    'outsider',
    'domain',
    'hunter',
    'ann@',
    'user1',
  ]
  const how = ['IMAP', 'proto1', 'nntp', 'method1', 'cram', '\\"']
  const whence = [banned, '2001:db8', '100.64.', '198.18.', '198.51.', '192.0.2.']
  for (const text of [...whoAndWhat, ...how, ...whence]) {
    expect(after.text).not.toContain(text)
  }
})
