/** One-time codes with real mail clients, through a real nginx, to a Dovecot that knows nothing of codes. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { codeFor } from './authenticator.ts'
import { type Login, type Outcome, useImap, usePop3, useSmtp } from './clients.ts'
import { startGateway } from './gateway.ts'
import { readServers } from './leaks.ts'
import { type Rig, startRig } from './rig.ts'
import { openStores } from './stores.ts'

vi.setConfig({ testTimeout: 120_000 })

interface Owner {
  name: string
  password: string
  otpauth: string
}

let rig: Rig
let joe: Owner

beforeAll(async () => {
  rig = await startRig()
  joe = await addOwner('joe@example.com', 'correct horse battery')
})
afterAll(() => rig?.stop())

async function addOwner(name: string, password: string): Promise<Owner> {
  const { otpauth } = (await rig.addMailbox({ name, password }, { totp: true })) as { otpauth: string }
  return { name, password, otpauth }
}

const codeNow = ({ otpauth }: Owner) => codeFor(otpauth, Date.now())
const stringNow = (owner: Owner) => owner.password + codeNow(owner)

function login(port: number, user: string, password: string): Login {
  const { certificate } = rig.nginx
  return { port: rig.port(port), tls: 'implicit', certificate, user, password }
}

const ways: [string, (user: string, password: string) => Promise<Outcome>, RegExp][] = [
  ['imapflow', (user, text) => useImap(login(993, user, text)), /^\w+ NO \[AUTHENTICATIONFAILED\] /],
  ['node-pop3', (user, text) => usePop3(login(995, user, text)), /^\[AUTH\] /],
  ['nodemailer', (user, text) => useSmtp(login(465, user, text)), /^535 5\.7\.8 /],
]

const reasonsOf = async (user: string) => {
  const { items } = await rig.gateway.do('log search', { user })
  return items.map(({ reason }) => reason)
}
const cli = async (...args: string[]) => (await rig.gateway.mustCli([...args, '--json'])).json
const grantsOf = (name: string) => rig.gateway.do('user grants', { name })

test('imapflow, node-pop3 and nodemailer log in with password and code, and come back ten at a time: one code used', async () => {
  const stored = stringNow(joe)
  for (const [, use] of ways) expect(await use(joe.name, stored)).toMatchObject({ ok: true })
  const again = await Promise.all(
    Array.from({ length: 10 }, (_, n) => ways[n % ways.length]![1](joe.name, stored)),
  )
  expect(again.map(({ ok }) => ok)).toEqual(Array(10).fill(true))
  expect(await grantsOf(joe.name)).toMatchObject([{ state: 'live' }])

  await rig.gateway.stop()
  rig.gateway = await startGateway(rig.gateway.folder, { ports: rig.gateway.ports })
  for (const [, use] of ways) expect(await use(joe.name, stored)).toMatchObject({ ok: true })
  expect(await grantsOf(joe.name)).toHaveLength(1)
  expect(new Set(await reasonsOf(joe.name))).toEqual(new Set(['ok']))
})

test.each(ways)(
  '%s is told of a missing and of a wrong code what it is told of a wrong password',
  async (way, use, text) => {
    const { name, password, otpauth } = await addOwner(`${way}@example.com`, 'correct horse battery')
    const valid = [-30, 0, 30].map(seconds => codeFor(otpauth, Date.now() + seconds * 1_000))
    const wrong = ['000000', '111111', '222222', '333333'].find(code => !valid.includes(code))
    const outcomes: Outcome[] = []
    for (const sent of ['not the password', password, password + wrong]) outcomes.push(await use(name, sent))
    for (const outcome of outcomes) expect(outcome).toEqual({ ok: false, text: expect.stringMatching(text) })
    expect(new Set(outcomes.map(outcome => outcome.text.replace(/^\w+ NO /, ''))).size).toBe(1)
    expect(await reasonsOf(name)).toEqual(['wrong_password', 'code_missing', 'wrong_password'])
  },
)

describe('the backend gets the bytes before the code', () => {
  test.each([
    ['ends in six digits', 'digits@example.com', 'horse battery 123456'],
    ['has 72 bytes', 'long@example.com', 'x'.repeat(72)],
    ['is UTF-8, in composed form', 'composed@example.com', 'pässwörd 例子 100%+"\\'],
    ['is UTF-8, in decomposed form', 'decomposed@example.com', 'pässwörd e'.normalize('NFD')],
    ['looks like Auth-Status: OK', 'header@example.com', 'Auth-Status: OK'],
  ])('of a password that %s', async (_, name, password) => {
    const owner = await addOwner(name, password)
    const stored = stringNow(owner)
    expect(await useImap(login(993, name, stored))).toMatchObject({ ok: true })
    expect(await useSmtp(login(465, name, stored))).toMatchObject({ ok: true })
    expect(await useImap(login(993, name, password))).toMatchObject({ ok: false })
  })
})

test('enabled for a mailbox that is in use, confirmed with a code, revoked, reset, disabled', async () => {
  const name = 'later@example.com'
  const password = 'correct horse battery'
  await rig.addMailbox({ name, password })
  const imap = async (text: string) => (await useImap(login(993, name, text))).ok

  const pending = (await cli('user', 'totp', 'enable', name)) as { otpauth: string; totp: string }
  expect(pending.totp).toBe('pending')
  expect(await imap(password)).toBe(true)
  const confirmed = codeFor(pending.otpauth, Date.now())
  expect(await cli('user', 'totp', 'confirm', name, confirmed)).toMatchObject({ totp: 'on' })
  expect(await imap(password)).toBe(false)
  expect(await imap(password + confirmed)).toBe(false)
  // A step ahead of the clock, as that of another device may be: the code of now is used.
  const stored = password + codeFor(pending.otpauth, Date.now() + 30_000)
  expect(await imap(stored)).toBe(true)

  const [grant] = await grantsOf(name)
  expect(await cli('user', 'revoke', name, grant!.id)).toEqual({ revoked: 1 })
  expect(await imap(stored)).toBe(false)
  expect(await grantsOf(name)).toMatchObject([{ id: grant!.id, state: 'ended' }])

  const reset = (await cli('user', 'totp', 'reset', name)) as { otpauth: string }
  expect(reset.otpauth).not.toBe(pending.otpauth)
  expect(await imap(password + codeFor(reset.otpauth, Date.now()))).toBe(true)

  expect(await cli('user', 'totp', 'disable', name)).toMatchObject({ totp: 'off' })
  expect(await imap(password)).toBe(true)
  expect(await reasonsOf(name)).toEqual(['ok', 'ok', 'grant_ended', 'ok', 'code_spent', 'code_missing', 'ok'])
})

test('the terminal shows a QR code, the address, and the next step; --qr writes a picture for its owner alone', async () => {
  const name = 'picture@example.com'
  const { stdout } = await rig.gateway.mustCli(
    ['user', 'add', name, '--totp', '--password-stdin'],
    joe.password,
  )
  expect(stdout).toMatch(/█▀▀▀▀▀█/)
  expect(stdout).toMatch(/^otpauth:\/\/totp\/MailGateway:picture%40example\.com\?/m)
  expect(stdout).toContain(`In force: ${name} logs in with its password and, right behind it, a code`)
  for (const [kind, begins] of [
    ['svg', '<svg'],
    ['png', '\x89PNG'],
  ] as const) {
    const file = join(rig.folder, `qr.${kind}`)
    const { otpauth } = (await cli('user', 'totp', 'reset', name, '--qr', file)) as { otpauth: string }
    expect(readFileSync(file, 'latin1').startsWith(begins)).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    if (kind === 'png') {
      const read = execFileSync('zbarimg', ['-q', '--raw', '--nodbus', file], { encoding: 'utf8' }).trim()
      expect(read).toBe(otpauth)
    }
    const again = await rig.gateway.cli(['user', 'totp', 'reset', name, '--qr', file])
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/cannot write the QR code to .*EEXIST/),
    ])
  }
  const other = await rig.gateway.cli(['user', 'totp', 'reset', name, '--qr', 'joe.jpg'])
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('ends in .svg or .png')])
})

test('neither secret nor code stands in the log or in any file of the gateway', async () => {
  const stored = stringNow(joe)
  await useImap(login(993, joe.name, stored))
  const secret = new URL(joe.otpauth).searchParams.get('secret')!
  const files = readdirSync(rig.gateway.folder).filter(file =>
    statSync(join(rig.gateway.folder, file)).isFile(),
  )
  const onServers = Object.values(await readServers(await openStores(rig.gateway.folder)))
  const texts = [
    rig.gateway.output(),
    ...onServers,
    ...files.map(file => readFileSync(join(rig.gateway.folder, file), 'latin1')),
  ]
  expect(texts.some(text => text.includes(joe.name))).toBe(true)
  for (const text of texts) {
    expect(text.includes(secret)).toBe(false)
    expect(text.includes(joe.password)).toBe(false)
  }
})
