/** The file of refused logins, written by a gateway under attack, read by the real fail2ban and the real CrowdSec. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, nginxLines } from './ask.ts'
import { judgeWithCrowdsec } from './crowdsec.ts'
import { type Gateway, startGateway } from './gateway.ts'

const run = promisify(execFile)
const conf = (path: string) => fileURLToPath(new URL(`../../conf/${path}`, import.meta.url))
const filter = conf('fail2ban/filter.d/mailgateway.conf')

interface Row {
  user: string
  client_address: string
  reason: string
  counters: string
  result: string
}

let folder: string
let gateway: Gateway
let rows: Row[]
const failFile = () => join(folder, 'auth-fail.log')

const joe = { user: 'joe@example.com', password: 'correct horse battery' }
const off = { user: 'off@example.com', password: 'another horse battery' }

const hostile = [
  '" address=8.8.8.8 counted=1 user="x',
  '2026-11-24T15:00:01.123Z auth-fail address=8.8.8.8 counted=1 protocol=imap reason=wrong_password user="x"',
  'x"\n2026-11-24T15:00:01.123Z auth-fail address=8.8.8.8 counted=1 protocol=imap reason=wrong_password user="y',
  'x\r\nauth-fail address=8.8.8.8 counted=1',
  'line\u2028separator address=8.8.8.8 counted=1',
  'next\u0085line address=8.8.8.8',
  'back\\',
  'back\\"',
  "'; address=8.8.8.8",
  '<HOST>',
  '<ADDR> %(host)s %{IP:source_ip}',
  '[8.8.8.8]',
  '用户@例子.cn',
  `long${'x'.repeat(2_000)}`,
  `${'"'.repeat(240)}`,
]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-fail-'))
  gateway = await startGateway(join(folder, 'data'), {
    settings: { MAILGATEWAY_LOG_AUTH_FAIL_PATH: failFile() },
  })
  for (const { user: name, password } of [joe, off]) await gateway.do('user add', { name, password })
  await gateway.do('user disable', { name: off.user })
  await attack()
  rows = (await gateway.mustCli(['log', 'search', '--limit', '10000', '--json'])).json as Row[]
  await gateway.stop()
})
afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

async function attack(): Promise<void> {
  const login = (user: string, password: string, from: string | undefined, protocol = 'imap') =>
    ask(gateway.ports.nginx, nginxLines({ user, password, protocol }, { 'Client-IP': from }))
  // The same one again, one after the other and at once, counts once.
  for (const password of ['a1', 'a1', 'a1', 'a2']) await login(joe.user, password, '192.0.2.7')
  await Promise.all(Array.from({ length: 10 }, () => login(joe.user, 'a3', '192.0.2.7', 'smtp')))
  // The fifth locks; what comes then is no guess.
  for (const password of ['a4', 'a5', 'a6', joe.password])
    await login(joe.user, password, '192.0.2.7', 'pop3')
  await login(off.user, off.password, '2001:db8:1::7')
  await login(off.user, '', '2001:db8:1::7')
  await login('nobody@example.com', 'b', 'unix:')
  await login('nobody@example.com', 'b', undefined)
  for (const [i, user] of hostile.entries()) await login(user, 'c', `198.18.${i}.1`)
  // Ten tried mailboxes ban the network; the attempts after that are only counted.
  for (let i = 0; i < 30; i++) await login(`user${i}@example.com`, 'd', '203.0.113.9')
  // Twenty wrong passwords ban the address.
  for (let i = 0; i < 24; i++) await login(`sales${i % 6}@example.com`, `e${i}`, '2001:db8:2::9')
}

const isBan = ({ reason }: Row) => reason === 'banned' || reason === 'banned_automatically'
const lines = () => readFileSync(failFile(), 'utf8').split('\n').slice(0, -1)
/** Whom a firewall may shut out, once per counted guess. */
const counted = () => rows.filter(row => row.counters !== '' && row.client_address !== 'unix:')
const addressesOf = (some: Row[]) => some.map(row => row.client_address).toSorted()

test('every refused attempt has its line, but for those of banned addresses', () => {
  const refused = rows.filter(row => row.result === 'failed')
  expect(refused.filter(isBan)).not.toEqual([])
  expect(lines()).toHaveLength(refused.filter(row => !isBan(row)).length)
  const shape =
    /^\d{4}-\d\d-\d\dT[\d:.]{12}Z auth-fail address=\S+ counted=[01] protocol=\S+ reason=\w+ user=".*"$/
  for (const line of lines()) expect(line).toMatch(shape)
  expect(lines().join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
})

test('a guess is counted once', () => {
  const ofJoe = lines().filter(line => line.includes('address=192.0.2.7 '))
  const count = (what: string) => ofJoe.filter(line => line.includes(what)).length
  expect(count('counted=1 protocol=imap reason=wrong_password')).toBe(2)
  expect(count('counted=1 protocol=smtp reason=wrong_password')).toBe(1)
  expect(count('counted=1 protocol=pop3 reason=wrong_password')).toBe(2)
  expect(count('counted=0 protocol=imap reason=wrong_password')).toBe(2)
  expect(count('counted=0 protocol=smtp reason=wrong_password')).toBe(9)
  expect(count('counted=0 protocol=pop3 reason=locked')).toBe(2)
})

test('fail2ban matches exactly the counted failures, at the right addresses and users', async () => {
  const { stdout } = await run('fail2ban-regex', ['-o', '<ip>', failFile(), filter])
  const matched = stdout.split('\n').filter(Boolean)
  console.log(`fail2ban-regex: ${lines().length} lines, ${matched.length} matches`)
  expect(matched.toSorted()).toEqual(addressesOf(counted()))
  expect(new Set(matched)).not.toContain('8.8.8.8')
  expect(matched.length).toBeGreaterThan(30)
  const users = (await run('fail2ban-regex', ['-o', '<F-USER>', failFile(), filter])).stdout
    .split('\n')
    .slice(0, -1)
  const escaped = counted().map(({ user }) => JSON.stringify(user).slice(1, -1))
  expect(users.toSorted()).toEqual(escaped.toSorted())
})

test('so does CrowdSec, and it would ban who guessed twenty times', async () => {
  const own = join(folder, 'crowdsec')
  mkdirSync(own)
  const { events, overflows } = await judgeWithCrowdsec(failFile(), own)
  expect(events.map(({ address }) => address).toSorted()).toEqual(addressesOf(counted()))
  expect(new Set(overflows)).toEqual(new Set(['2001:db8:2::9']))
})

test('the jail example is one that fail2ban takes', async () => {
  const own = join(folder, 'fail2ban')
  cpSync('/etc/fail2ban', own, { recursive: true })
  rmSync(join(own, 'jail.d'), { recursive: true })
  cpSync(conf('fail2ban'), own, { recursive: true })
  const jail = join(own, 'jail.d', 'mailgateway.conf')
  writeFileSync(jail, readFileSync(jail, 'utf8').replace(/^logpath .*$/m, `logpath = ${failFile()}`))
  const { stdout } = await run('fail2ban-client', ['-c', own, '-d'])
  expect(stdout).toContain("['set', 'mailgateway', 'maxretry', 20]")
  expect(stdout).toContain(`['set', 'mailgateway', 'addlogpath', '${failFile()}', 'head']`)
})
