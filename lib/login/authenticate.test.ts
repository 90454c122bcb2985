import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { addBackends, type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { createMemoryHotState } from '../hot-state/memory.ts'
import { newId } from '../id.ts'
import { accountKey, readAccount, readCopy } from '../mailbox/account.ts'
import { addMailbox, deleteMailbox, setEnabled, setMailbox, setPassword } from '../mailbox/manage.ts'
import type { Attempt, Decision } from './attempt.ts'
import { authenticate } from './authenticate.ts'

const password = 'correct horse 1'
let own: InProcess
let services: InProcess['services']
let name: string
let serial = 0

beforeAll(async () => {
  own = await openInProcess({
    MAILGATEWAY_AUTH_HASH_THREADS: '1',
    // All of it comes from one address, and bans have tests of their own.
    MAILGATEWAY_GUESSING_ADDRESS_LIMIT: '1000',
    MAILGATEWAY_GUESSING_NETWORK_LIMIT: '1000',
    MAILGATEWAY_GUESSING_SPRAYING_LIMIT: '1000',
  })
  services = own.services
  await addBackends(services, { imap: 10143, pop3: 10110, smtp: 10587 })
})
afterAll(() => own.close())
beforeEach(async () => {
  name = `user${serial++}@example.com`
  await addMailbox(services, { name, password })
})

function attemptOf(changes: Partial<Attempt> = {}): Attempt {
  return {
    id: newId(),
    receivedAt: services.clock(),
    protocol: 'imap',
    method: 'plain',
    user: name,
    password,
    clientAddress: '192.0.2.1',
    number: 1,
    tls: '',
    fault: null,
    ...changes,
  }
}

const login = (changes: Partial<Attempt> = {}, parts = services) => authenticate(parts, attemptOf(changes))
const rowOf = (id: string) =>
  services.db.selectFrom('auth_log').selectAll().where('request_id', '=', id).executeTakeFirst()
const refusal = (reason: string): Partial<Decision> => ({ kind: 'refuse', reason }) as Partial<Decision>

async function hashesOf(work: () => Promise<unknown>): Promise<number> {
  const before = own.hashes()
  await work()
  return own.hashes() - before
}

describe('costs', () => {
  test('a warm login hashes nothing, reads no SQL and writes nothing to the hot state', async () => {
    await login()
    const read = vi.spyOn(services.db, 'selectFrom')
    const apply = vi.spyOn(services.hot, 'apply')
    expect(await hashesOf(() => login())).toBe(0)
    expect([read.mock.calls.length, apply.mock.calls.length]).toEqual([0, 1])
    read.mockRestore()
    apply.mockRestore()
  })

  test('unknown, known and disabled cost one hash each, and none when the same password comes again', async () => {
    const nobody = `nobody${serial++}@example.com`
    await setEnabled(services, name, false)
    for (const expected of [1, 0]) {
      expect(await hashesOf(() => login())).toBe(expected)
      expect(await hashesOf(() => login({ password: 'wrong password' }))).toBe(expected)
      expect(await hashesOf(() => login({ user: nobody }))).toBe(expected)
    }
  })

  test('a refusal after a remembered proof costs a hash too: its speed would tell that the password is right', async () => {
    await setMailbox(services, name, { protocols: ['imap'] })
    await login()
    expect(await hashesOf(() => login({ protocol: 'smtp' }))).toBe(1)
    expect(await hashesOf(() => login({ protocol: 'smtp' }))).toBe(0)
  })

  test('an unknown user is hashed for as long as a known one', async () => {
    const measure = async (user: string) => {
      const times: number[] = []
      for (let i = 0; i < 4; i++) {
        const startedAt = performance.now()
        await login({ user, password: `wrong ${i} ${user}` })
        times.push(performance.now() - startedAt)
      }
      return Math.min(...times)
    }
    // Both are at least one real hash at cost 10; without it an answer takes under 5 ms.
    expect(await measure(name)).toBeGreaterThan(20)
    expect(await measure(`nobody${serial++}@example.com`)).toBeGreaterThan(20)
  })

  test('a proof is renewed by use, forgotten without, and hashed again after auth.cache_max', async () => {
    let now = services.clock()
    const hot = createMemoryHotState(() => now)
    const parts = { ...services, hot, clock: () => now }
    const hashesAfter = (ms: number) => {
      now += ms
      return hashesOf(() => login({ receivedAt: now }, parts))
    }
    const { cache_ttl, cache_max } = services.settings.auth
    expect(await hashesAfter(0)).toBe(1)
    for (let used = 0; used < 4; used++) expect(await hashesAfter(cache_ttl * 0.6)).toBe(0)
    expect(await hashesAfter(cache_ttl * 1.1)).toBe(1)
    let hashes = 0
    for (let used = 0; used * cache_ttl * 0.9 < cache_max * 1.5; used++)
      hashes += await hashesAfter(cache_ttl * 0.9)
    expect(hashes).toBe(1)
  })
})

test('two unknown names with the same password share no computation, as two mailboxes share none', async () => {
  const compared: string[] = []
  const passwords = {
    ...services.passwords,
    verify: (text: string, hash: string) => {
      compared.push(hash)
      return services.passwords.verify(text, hash)
    },
  }
  const user = () => `nobody${serial++}@example.com`
  await Promise.all([user(), user()].map(user => login({ user }, { ...services, passwords })))
  expect(new Set(compared).size).toBe(2)
  expect(compared.every(hash => /^\$2b\$10\$[./A-Za-z0-9]{53}$/.test(hash))).toBe(true)
})

test('a right password that is refused is counted as a wrong one: a count that stands still would tell', async () => {
  await setEnabled(services, name, false)
  const counted = async (password: string) => {
    const attempt = attemptOf({ password })
    await authenticate(services, attempt)
    return (await rowOf(attempt.id))?.counters
  }
  expect(await counted('wrong password')).toMatch(/^user 1\/5/)
  expect(await counted(password)).toMatch(/^user 2\/5/)
  expect(await counted(password)).toBe('')
})

describe('refusals', () => {
  test.each<[string, Partial<Attempt>]>([
    ['wrong_password', { password: 'wrong password' }],
    ['unknown_user', { user: 'somebody@example.com' }],
    ['empty_password', { password: '' }],
    ['password_too_long', { password: 'ä'.repeat(37) }],
    ['bad_name', { user: 'joe ' }],
    ['bad_request', { fault: 'bad_request' }],
    ['bad_request', { protocol: null }],
    ['method_not_offered', { fault: 'method_not_offered' }],
  ])('%s', async (reason, changes) => {
    const attempt = attemptOf(changes)
    expect(await authenticate(services, attempt)).toMatchObject(refusal(reason))
    expect(await rowOf(attempt.id)).toMatchObject({ result: 'failed', reason, backend: null })
  })

  test('disabled, and a protocol that is not allowed: known only after the right password', async () => {
    await setMailbox(services, name, { protocols: ['imap'] })
    expect(await login({ protocol: 'smtp' })).toMatchObject(refusal('protocol_not_allowed'))
    expect(await login({ protocol: 'smtp', password: 'wrong password' })).toMatchObject(
      refusal('wrong_password'),
    )
    await setEnabled(services, name, false)
    expect(await login()).toMatchObject(refusal('disabled'))
    expect(await login({ password: 'wrong password' })).toMatchObject(refusal('wrong_password'))
  })

  test('a password that only shares its first 72 bytes', async () => {
    const long = 'x'.repeat(72)
    await setPassword(services, name, long)
    expect(await login({ password: long })).toMatchObject({ kind: 'accept' })
    expect(await login({ password: `${long}y` })).toMatchObject(refusal('password_too_long'))
    // As long as one with a code may be, for a mailbox that needs none.
    expect(await login({ password: `${long}999999` })).toMatchObject(refusal('wrong_password'))
  })
})

describe('changes are effective at the next login', () => {
  const change: [string, () => Promise<unknown>, string][] = [
    ['password', () => setPassword(services, name, 'another horse 2'), 'wrong_password'],
    ['disable', () => setEnabled(services, name, false), 'disabled'],
    ['delete', () => deleteMailbox(services, name), 'unknown_user'],
    ['protocols', () => setMailbox(services, name, { protocols: ['smtp'] }), 'protocol_not_allowed'],
    [
      'delete and create again',
      async () => {
        await deleteMailbox(services, name)
        await addMailbox(services, { name, password: 'another horse 2' })
      },
      'wrong_password',
    ],
  ]

  test.each(change)('%s', async (_, work, reason) => {
    expect(await login()).toMatchObject({ kind: 'accept' })
    await work()
    expect(await login()).toMatchObject(refusal(reason))
  })

  test.each(change)('%s, while a slow login with the old password is under way', async (_, work, reason) => {
    const before = (await readAccount(services.db, name, null))?.account.version
    const hold = Promise.withResolvers<void>()
    const hashing = Promise.withResolvers<void>()
    const passwords = {
      ...services.passwords,
      async verify(text: string, hash: string) {
        const matches = await services.passwords.verify(text, hash)
        hashing.resolve()
        await hold.promise
        return matches
      },
    }
    const slow = login({}, { ...services, passwords })
    await hashing.promise
    await work()
    hold.resolve()
    // It began before the change and may still end well; what it remembers must not.
    await slow
    expect(await login()).toMatchObject(refusal(reason))
    const [copy] = await services.hot.apply([{ op: 'read', key: accountKey(name) }])
    expect(readCopy(copy)?.account.version).not.toBe(before)
  })

  test('enable lets the same password in again', async () => {
    await setEnabled(services, name, false)
    await login()
    await setEnabled(services, name, true)
    expect(await login()).toMatchObject({ kind: 'accept' })
  })
})

describe('when parts fail', () => {
  test('no audit row, no OK; the next login works', async () => {
    const audit = { ...services.audit, append: () => Promise.reject(new Error('disk full')) }
    expect(await login({}, { ...services, audit })).toMatchObject({ kind: 'later', reason: 'unavailable' })
    expect(await login()).toMatchObject({ kind: 'accept' })
  })

  test('a hot state that is away is a temporary failure with its row', async () => {
    const hot = { ...services.hot, apply: () => Promise.reject(new Error('connection lost')) }
    const attempt = attemptOf()
    expect(await authenticate({ ...services, hot }, attempt)).toMatchObject({
      kind: 'later',
      reason: 'unavailable',
    })
    expect(await rowOf(attempt.id)).toMatchObject({ result: 'failed', reason: 'unavailable' })
  })

  test('an audit row that takes too long is a temporary failure', async () => {
    const audit = { ...services.audit, append: () => new Promise<void>(() => {}) }
    expect(await login({}, { ...services, audit })).toMatchObject({ kind: 'later', reason: 'timeout' })
  })

  test('a decision that takes too long is a temporary failure', async () => {
    const settings = { ...services.settings, auth: { ...services.settings.auth, deadline: 100 } }
    const passwords = { ...services.passwords, verify: () => new Promise<boolean>(() => {}) }
    expect(await login({}, { ...services, settings, passwords })).toMatchObject({
      kind: 'later',
      reason: 'timeout',
    })
  })

  test('what is found out too late makes the next login cheap, and its place is free again', async () => {
    const settings = { ...services.settings, auth: { ...services.settings.auth, deadline: 100 } }
    const held: (() => void)[] = []
    const hold = () => new Promise<void>(resolve => held.push(resolve))
    const passwords = { ...services.passwords, verify: () => hold().then(() => true) }
    const slow = { ...services, settings, passwords }
    expect(await login({}, slow)).toMatchObject({ kind: 'later', reason: 'timeout' })
    for (const release of held) release()
    const places = async () => (await services.hot.apply([{ op: 'read', key: `tried:${name}` }]))[0]
    await expect.poll(places).toBeNull()
    expect(await hashesOf(async () => expect(await login()).toMatchObject({ kind: 'accept' }))).toBe(0)
  })

  test('no backend for the protocol: temporary, and the proof is kept for the retries', async () => {
    const weigh = async (...asked: Parameters<typeof services.backends.weigh>) => ({
      ...(await services.backends.weigh(...asked)),
      choice: null,
    })
    const backends = { ...services.backends, weigh }
    const away = { ...services, backends }
    expect(await login({}, away)).toMatchObject({ kind: 'later', reason: 'no_backend' })
    expect(await hashesOf(() => login({}, away))).toBe(0)
  })
})
