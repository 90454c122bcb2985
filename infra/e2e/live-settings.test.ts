/** Every setting that can be changed while the gateway runs: changed over the API, and seen at the next request. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createNginxAuth } from '../../functions/nginx-auth/app.ts'
import { signAccessToken } from '../../lib/admin/tokens.ts'
import { deleteOld } from '../../lib/audit/retention.ts'
import { type Greeter, startGreeter, startNameServer } from '../../lib/backend/test-servers.ts'
import type { Passwords } from '../../lib/mailbox/passwords.ts'
import { obeyLogLevel } from '../../lib/runtime/log.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { definitions, type SettingKey, settingKeys } from '../../lib/settings/definitions.ts'
import { verbs } from '../adapter/verbs.ts'
import { type Api, openApi } from './api.ts'
import { nginxLines } from './ask.ts'
import { codeFor } from './authenticator.ts'
import { adminPassword, type Console, openConsole } from './console.ts'
import { answers } from './guarded.ts'
import { newName, newPlace, password } from './guessers.ts'
import { notifyCases } from './live-notify-cases.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-live-'))
let api: Api
let services: Services
let admins: Console
let hashes = 0
let hashMs = 0
/** Milliseconds that the clocks of the gateway are ahead of ours. */
let ahead = 0
let greeter: Greeter
const changed = new Set<string>()

/** Real bcrypt has tests of its own; here only the number of comparisons and their time matter. */
const compare = async <T>(result: T): Promise<T> => {
  hashes++
  await new Promise(resolve => setTimeout(resolve, hashMs))
  return result
}
const passwords: Passwords = {
  hash: async text => `plain ${text}`,
  verify: (text, hash) => compare(`plain ${text}` === hash),
  hashInTurn: text => compare(`plain ${text}`),
}

/** So wide that nothing happens but what a case asks for. */
const wide = `
auth: { max_fail_attempts: 1000 }
guessing: { address_limit: 10000, network_limit: 10000, spraying_limit: 10000, stuffing_limit: 10000 }
backend: { check_interval: 1h, check_timeout: 60s, fall: 100, rise: 100, dns_servers: '127.0.0.1:1' }
`

beforeAll(async () => {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, wide)
  const clocks = { clock: () => Date.now() + ahead, steady: () => performance.now() + ahead }
  api = await openApi({ MAILGATEWAY_CONFIG: file }, clocks)
  services = { ...api.services, passwords }
  admins = openConsole(api.services)
  greeter = await startGreeter('* OK ready\r\n')
  await addBackend({ host: '127.0.0.1', port: greeter.port })
})
afterEach(async () => {
  hashMs = 0
  if (changed.size === 0) return
  const settings = Object.fromEntries([...changed].map(key => [key, { value: null }]))
  expect((await api.ask('PATCH /api/settings', 'superadmin', { settings })).status).toBe(200)
  changed.clear()
})
afterAll(async () => {
  await greeter.stop()
  await api.close()
  rmSync(folder, { recursive: true })
})

const addBackend = (place: object) => verbs['backend add'](services, { protocol: 'imap', ...place })

async function set(values: Partial<Record<SettingKey, string>>): Promise<void> {
  const settings = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value }]))
  for (const key of Object.keys(settings)) changed.add(key)
  const { status, body } = await api.ask('PATCH /api/settings', 'superadmin', { settings })
  expect([status, body.detail]).toEqual([200, undefined])
}

async function login(user: string, text = password, from = newPlace()) {
  const lines = nginxLines({ user, password: text }, { 'Client-IP': from })
  const headers = lines.map(([name, value]): [string, string] => [name, value])
  const answer = await createNginxAuth(services).request('/api/auth', { headers })
  return answer.headers.get('Auth-Status')
}

const guess = (user: string, from = newPlace()) => login(user, `wrong ${randomUUID()}`, from)

async function addMailbox(input: object = {}) {
  const made = await verbs['user add'](services, { name: newName(), password, ...input })
  return { name: made.name, otpauth: 'otpauth' in made ? made.otpauth : '' }
}
const newUser = async (): Promise<string> => (await addMailbox()).name

/** What the newest row of the log says of the counters, such as `user 1/5, address 1/20`. */
async function counters(user: string): Promise<string> {
  const row = await services.db
    .selectFrom('auth_log')
    .select('counters')
    .where('user', '=', user)
    .orderBy('request_id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return row.counters
}

/** What the cases set in the place of longer times: no pause of a busy machine is as long. */
const short = '10s'
const passShort = () => {
  ahead += 10_001
}

/** A counter begins anew when its time is over, which by default is longer. */
async function countsAnew(counter: string, from: (n: number) => string, users = newName): Promise<void> {
  const user = newName()
  const next = async () => {
    const name = users === newName ? user : users()
    await guess(name, from(0))
    return Number(new RegExp(`${counter} (\\d+)/`).exec(await counters(name))?.[1])
  }
  expect([await next(), await next()]).toEqual([1, 2])
  passShort()
  expect(await next()).toBe(1)
}

/** A login costs a hash again. */
async function hashesAgain(): Promise<void> {
  const [user, from] = [await newUser(), newPlace()]
  await login(user, password, from)
  const again = async () => {
    const before = hashes
    await login(user, password, from)
    return hashes - before
  }
  expect(await again()).toBe(0)
  passShort()
  expect(await again()).toBe(1)
}

/** Whether a limit shuts out: the one guess that is allowed, then the right password. */
async function oneGuess(key: SettingKey, expected: string): Promise<void> {
  const [user, from] = [await newUser(), newPlace()]
  await guess(user, from)
  await set({ [key]: '2' })
  await guess(user, from)
  expect(await login(user, password, from)).toBe(expected)
}

async function withCodes() {
  const { name, otpauth } = await addMailbox({ totp: true })
  return { name, text: password + codeFor(otpauth, services.clock()), otpauth }
}

/** What was good with a grant of days is not any more after seconds. */
async function grantEnds(key: SettingKey): Promise<void> {
  const [{ name, text }, from] = [await withCodes(), newPlace()]
  expect([await login(name, text, from), await login(name, text, from)]).toEqual([answers.ok, answers.ok])
  await set({ [key]: short })
  passShort()
  expect(await login(name, text, from)).toBe(answers.wrong)
}

const signIn = (username: string, secret = adminPassword) => admins.signIn(username, secret)

const healthOf = (port: number) =>
  services.backends.states().find(backend => backend.port === port)?.health[0]

/** Checks backends meanwhile. */
async function checking(work: () => Promise<void>): Promise<void> {
  services.backends.start()
  try {
    await work()
  } finally {
    await services.backends.stop()
  }
}

/** A mail server that says nothing. */
async function withSilent(work: (port: number) => Promise<void>): Promise<void> {
  const silent = await startGreeter(null)
  const { backend } = await addBackend({ host: '127.0.0.1', port: silent.port, pool: 'silent' })
  await checking(() => work(silent.port))
  await verbs['backend remove'](services, { backend: backend.id, force: true })
  await silent.stop()
}

const patience = { timeout: 10_000 }

const cases: Partial<Record<SettingKey, () => Promise<void>>> = {
  'auth.max_fail_attempts': () => oneGuess('auth.max_fail_attempts', answers.later),
  'auth.fail_ttl': async () => {
    await set({ 'auth.fail_ttl': short })
    const from = newPlace()
    await countsAnew('user', () => from)
  },
  'auth.lock_ttl': async () => {
    await set({ 'auth.max_fail_attempts': '1', 'auth.lock_ttl': short })
    const [user, from] = [await newUser(), newPlace()]
    await guess(user, from)
    expect(await login(user, password, from)).toBe(answers.later)
    passShort()
    expect(await login(user, password, from)).toBe(answers.ok)
  },
  'auth.default_domain': async () => {
    const [name = ''] = (await newUser()).split('@')
    expect(await login(name)).toBe(answers.wrong)
    await set({ 'auth.default_domain': 'example.com' })
    expect(await login(name)).toBe(answers.ok)
  },
  'auth.cache_ttl': async () => {
    await set({ 'auth.cache_ttl': short })
    await hashesAgain()
  },
  'auth.cache_max': async () => {
    await set({ 'auth.cache_max': short })
    await hashesAgain()
  },
  'auth.stale_ttl': async () => {
    await set({ 'auth.cache_ttl': short, 'auth.stale_ttl': '0s' })
    const [user, from] = [await newUser(), newPlace()]
    await login(user, password, from)
    const read = async () => (await services.hot.apply([{ op: 'read', key: `account:${user}` }]))[0]
    expect(await read()).not.toBeNull()
    passShort()
    expect(await read()).toBeNull()
  },
  'auth.deadline': async () => {
    const user = await newUser()
    hashMs = 600
    await set({ 'auth.hash_deadline': '100ms', 'auth.deadline': '200ms' })
    expect(await login(user)).toBe(answers.later)
  },
  'auth.hash_deadline': async () => {
    await set({ 'auth.hash_deadline': '100ms' })
    // The real pool, which is what waits.
    const tries = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => api.services.passwords.hashInTurn(`${n}`, 'one place')),
    )
    expect(tries.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
  },
  'guessing.user_total': () => oneGuess('guessing.user_total', answers.later),
  'guessing.address_limit': () => oneGuess('guessing.address_limit', answers.later),
  'guessing.network_limit': () => oneGuess('guessing.network_limit', answers.later),
  'guessing.address_window': async () => {
    await set({ 'guessing.address_window': short })
    const from = newPlace()
    await countsAnew('address', () => from)
  },
  'guessing.network_window': async () => {
    await set({ 'guessing.network_window': short })
    const from = newPlace()
    await countsAnew('network', () => from)
  },
  'guessing.spraying_limit': async () => {
    const [user, from] = [await newUser(), newPlace()]
    await guess(user, from)
    await set({ 'guessing.spraying_limit': '2' })
    await guess(newName(), from)
    expect(await login(user, password, from)).toBe(answers.later)
  },
  'guessing.spraying_window': async () => {
    await set({ 'guessing.spraying_window': short })
    const from = newPlace()
    await countsAnew(
      'users tried',
      () => from,
      () => `another-${newName()}`,
    )
  },
  'guessing.stuffing_limit': async () => {
    const user = await newUser()
    await guess(user)
    await set({ 'guessing.stuffing_limit': '2' })
    await guess(user)
    expect(await login(user)).toBe(answers.later)
  },
  'guessing.stuffing_window': async () => {
    await set({ 'guessing.stuffing_window': short })
    await countsAnew('networks', newPlace)
  },
  'guessing.familiar_for': async () => {
    const [user, from] = [await newUser(), newPlace()]
    await login(user, password, from)
    const twoHours = services.clock() - 7_200_000
    await services.db.updateTable('known_networks').set({ last_success_at: twoHours }).execute()
    await services.hot.announce([{ op: 'remove', key: `account:${user}` }])
    await set({ 'guessing.familiar_for': '1h', 'auth.max_fail_attempts': '1' })
    await guess(user, from)
    expect(await counters(user)).toContain('address 1/')
  },
  'backend.check_interval': () =>
    checking(async () => {
      await expect.poll(() => greeter.connections, patience).toBeGreaterThan(0)
      const before = greeter.connections
      await set({ 'backend.check_interval': '1s' })
      await expect.poll(() => greeter.connections, patience).toBeGreaterThan(before + 1)
    }),
  'backend.check_timeout': () =>
    withSilent(async port => {
      await set({ 'backend.check_timeout': '100ms', 'backend.check_interval': '1s' })
      await verbs['backend check'](services, { backend: `127.0.0.1:${port}` })
      await expect
        .poll(
          async () =>
            JSON.stringify(await verbs['backend check'](services, { backend: `127.0.0.1:${port}` })),
          patience,
        )
        .toContain('within 100 ms')
    }),
  'backend.fall': async () => {
    await set({ 'backend.check_timeout': '100ms', 'backend.check_interval': '1s', 'backend.fall': '1' })
    await withSilent(port => expect.poll(() => healthOf(port)?.up, patience).toBe(false))
  },
  'backend.rise': async () => {
    await set({ 'backend.check_interval': '1s' })
    const late = await startGreeter('* OK ready\r\n')
    const { port } = late
    await late.stop()
    const { backend } = await addBackend({ host: '127.0.0.1', port, pool: 'late' })
    let again: Greeter | undefined
    await checking(async () => {
      await expect.poll(() => healthOf(port)?.up, patience).toBe(false)
      again = await startGreeter('* OK ready\r\n', port)
      await set({ 'backend.rise': '1' })
      await expect.poll(() => healthOf(port)?.up, patience).toBe(true)
    })
    await verbs['backend remove'](services, { backend: backend.id, force: true })
    await again?.stop()
  },
  'backend.dns_servers': async () => {
    const dns = await startNameServer('127.0.0.1 mail.test')
    const { backend } = await addBackend({ host: 'mail.test', port: greeter.port, pool: 'named' })
    const { name } = await addMailbox({ pool: 'named' })
    expect(await login(name)).toBe(answers.later)
    await set({ 'backend.dns_servers': dns.server })
    expect(await login(name)).toBe(answers.ok)
    await verbs['user delete'](services, { name })
    await verbs['backend remove'](services, { backend: backend.id, force: true })
    await dns.kill()
  },
  'jwt.expiration': async () => {
    const expiry = async () =>
      (await signAccessToken(services, { id: randomUUID(), admin_id: randomUUID() })).expires_at -
      services.clock()
    await set({ 'jwt.expiration': '1m' })
    expect(await expiry()).toBeLessThanOrEqual(60_000)
  },
  'jwt.refresh_expiration': async () => {
    await set({ 'jwt.refresh_expiration': '1m' })
    const username = await admins.newAdmin()
    await signIn(username)
    const { ends_at } = await services.db
      .selectFrom('sessions')
      .innerJoin('admin', 'admin.id', 'admin_id')
      .select('sessions.ends_at')
      .where('username', '=', username)
      .executeTakeFirstOrThrow()
    expect(ends_at - services.clock()).toBeLessThanOrEqual(60_000)
  },
  'admin.lock_errors': async () => {
    await set({ 'admin.lock_errors': '1' })
    const username = await admins.newAdmin()
    await signIn(username, 'wrong')
    expect((await signIn(username)).status).toBe(401)
  },
  'admin.locked': async () => {
    await set({ 'admin.lock_errors': '1', 'admin.locked': 'off' })
    const username = await admins.newAdmin()
    await signIn(username, 'wrong')
    expect((await signIn(username)).status).toBe(200)
  },
  'admin.lock_time': async () => {
    await set({ 'admin.lock_errors': '1', 'admin.lock_time': '1' })
    const username = await admins.newAdmin()
    await signIn(username, 'wrong')
    const locked = services.db.selectFrom('admin').select('locked_until').where('username', '=', username)
    expect((await locked.executeTakeFirstOrThrow()).locked_until! - services.clock()).toBeLessThanOrEqual(
      60_000,
    )
  },
  'admin.totp': async () => {
    expect((await signIn('nobody', 'wrong')).body.require_totp).toBe(true)
    await set({ 'admin.totp': 'off' })
    expect((await signIn('nobody', 'wrong')).body.require_totp).toBe(false)
  },
  'admin.totp_count': async () => {
    await set({ 'admin.totp': 'after_failures' })
    expect((await signIn('somebody', 'wrong')).body.require_totp).toBe(false)
    await set({ 'admin.totp_count': '2' })
    expect((await signIn('somebody', 'wrong again')).body.require_totp).toBe(true)
  },
  'totp.issuer': async () => {
    await set({ 'totp.issuer': 'Post' })
    expect((await withCodes()).otpauth).toContain('Post')
  },
  'totp.secret_length': async () => {
    const lengthOf = async () => new URL((await withCodes()).otpauth).searchParams.get('secret')!.length
    expect(await lengthOf()).toBe(32)
    await set({ 'totp.secret_length': '40' })
    expect(await lengthOf()).toBe(64)
  },
  'totp.grant_idle': () => grantEnds('totp.grant_idle'),
  'totp.grant_max': () => grantEnds('totp.grant_max'),
  'totp.grant_roam': async () => {
    const strings = [await withCodes(), await withCodes()] as const
    for (const { name, text } of strings) expect(await login(name, text)).toBe(answers.ok)
    expect(await login(strings[0].name, strings[0].text)).toBe(answers.wrong)
    await set({ 'totp.grant_roam': '1' })
    expect(await login(strings[1].name, strings[1].text)).toBe(answers.ok)
  },
  ...notifyCases({ api: () => api, services: () => services, set, addMailbox, login, guess, folder }),
  'log.level': async () => {
    obeyLogLevel(services)
    await set({ 'log.level': 'debug' })
    expect(services.log.isLevelEnabled('debug')).toBe(true)
  },
  'log.retention': async () => {
    const user = newName()
    await guess(user)
    await services.db.updateTable('auth_log').set({ time: 1 }).where('user', '=', user).execute()
    await set({ 'log.retention': '0s' })
    await deleteOld(services, new AbortController().signal)
    expect(await counters(user)).toMatch(/^user 1/)
    await set({ 'log.retention': '30d' })
    await deleteOld(services, new AbortController().signal)
    await expect(counters(user)).rejects.toThrow('no result')
  },
}

const liveOnes = settingKeys.filter(key => definitions[key].live)

test('every live setting has a case', () => {
  expect(Object.keys(cases).toSorted()).toEqual(liveOnes.toSorted())
})

test.each(liveOnes)('%s', async key => {
  await cases[key]?.()
  expect(changed.has(key), `${key} was changed`).toBe(true)
})
