import { type Logger, pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { someAttempt } from '../../infra/e2e/auth-log.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { banAutomatically } from './automatic.ts'
import { listBans } from './find.ts'
import { bansVersionKey } from './list.ts'
import { removeBan } from './manage.ts'
import { networkOf } from './rules.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const address = '198.51.100.7/32'
const network = '198.51.100.0/24'

let host: InProcess
let services: InProcess['services']
let time = Date.UTC(2026, 0, 1)
let lines: Record<string, unknown>[] = []

beforeAll(async () => {
  host = await openInProcess({}, { clock: () => time, steady: () => time })
  const log: Logger = pino({ level: 'info' }, { write: line => lines.push(JSON.parse(line)) })
  services = { ...host.services, log }
})
afterAll(() => host?.close())
beforeEach(async () => {
  for (const table of ['ip_blacklist', 'auth_log'] as const) await services.db.deleteFrom(table).execute()
  lines = []
  // Longer than anything in the hot state lives.
  time += day
})

type Offence = Parameters<typeof banAutomatically>[1]

const offend = (changes: Partial<Offence> = {}) =>
  banAutomatically(services, {
    event: 'address',
    cidr: address,
    network,
    shared: false,
    place: address,
    counterKey: 'counter',
    count: 20,
    user: 'last@example.com',
    ...changes,
  })

const readBans = async (state?: 'all') => (await listBans(services, { state })).items
const newestBan = async () => (await readBans('all'))[0]!

async function addAttempts(attempts: Partial<AuthLogRow>[]): Promise<void> {
  const rows = attempts.map((changes, i) => ({
    ...someAttempt,
    request_id: `${time}-${i}`,
    time,
    client_address: '198.51.100.7',
    result: 'failed' as const,
    reason: 'wrong_password',
    counters: 'user 1/5',
    client_network: networkOf(changes.client_address ?? '198.51.100.7')!,
    ...changes,
  }))
  await services.db.insertInto('auth_log').values(rows).execute()
}

const evidenceOf = async () => (await newestBan()).evidence!

test('a ban says what it is, is announced, and is in the log', async () => {
  const [before] = await services.hot.apply([{ op: 'read', key: bansVersionKey }])
  await offend({ event: 'spraying', cidr: network, count: 10 })
  const ban = await newestBan()
  expect(ban).toMatchObject({
    cidr: network,
    event_type: 'spraying',
    reason: 'automatic: spraying',
    author: 'automatic',
    starts_at: time,
    ends_at: time + 15 * minute,
    level: 0,
  })
  const [after] = await services.hot.apply([{ op: 'read', key: bansVersionKey }])
  expect(after).not.toBe(before)
  expect(lines).toMatchObject([
    {
      level: 40,
      alert: 'spraying',
      cidr: network,
      count: 10,
      banned_before: 0,
      ban: ban.id,
      ends_at: ban.ends_at,
    },
  ])
  expect((await services.bans.standingOf('198.51.100.99', after)).ban).toMatchObject({ id: ban.id })
})

describe('repetition', () => {
  test('lasts longer each time, up to a day', async () => {
    const lasted: number[] = []
    for (let level = 0; level < 6; level++) {
      await offend()
      const ban = await newestBan()
      expect(ban.level).toBe(level)
      lasted.push(ban.ends_at! - ban.starts_at)
      time = ban.ends_at! + minute
    }
    expect(lasted).toEqual([15 * minute, hour, 6 * hour, day, day, day])
  })

  test('is forgotten seven days after the last ban', async () => {
    await offend()
    time += 7 * day - 1
    await offend()
    expect((await newestBan()).level).toBe(1)
    time += 7 * day
    await offend()
    expect((await newestBan()).level).toBe(0)
  })

  test('counts for the same place only, and not where an administrator banned', async () => {
    await offend()
    await services.db.updateTable('ip_blacklist').set({ event_type: 'manual' }).execute()
    time += hour
    await offend({ cidr: '198.51.100.8/32' })
    time += hour
    await offend({ event: 'network', cidr: network })
    time += hour
    await offend()
    const levels = (await readBans('all')).map(({ cidr, level }) => [cidr, level])
    expect(levels).toEqual([
      [address, 0],
      [network, 0],
      ['198.51.100.8/32', 0],
      [address, 0],
    ])
  })

  test('goes on where a ban was lifted', async () => {
    await offend()
    await removeBan(services, address)
    time += hour
    await offend()
    expect((await newestBan()).level).toBe(1)
  })
})

describe('concurrent offences', () => {
  test('of one place make one ban', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => offend({ count: 20 + i })))
    expect(await readBans()).toHaveLength(1)
    expect(lines).toHaveLength(1)
  })

  test('of different places make one each', async () => {
    const cidrs = Array.from({ length: 5 }, (_, i) => `203.0.113.${i}/32`)
    await Promise.all(cidrs.map(cidr => offend({ cidr })))
    expect((await readBans()).map(({ cidr }) => cidr).toSorted()).toEqual(cidrs)
  })

  test('of one network by two counters are no repetition', async () => {
    await offend({ event: 'network', cidr: network })
    await offend({ event: 'spraying', cidr: network, counterKey: 'other counter' })
    expect((await readBans()).map(({ level }) => level)).toEqual([0, 0])
  })

  test('of a shared address make one alert', async () => {
    await Promise.all(Array.from({ length: 20 }, () => offend({ shared: true })))
    expect(lines).toHaveLength(1)
  })
})

test('the counter begins anew', async () => {
  const add = { op: 'add', key: 'counter', cap: 20, ttlMs: hour } as const
  await services.hot.apply([
    { ...add, member: 'a' },
    { ...add, member: 'b' },
  ])
  await offend()
  expect(await services.hot.apply([{ op: 'read', key: 'counter' }])).toEqual([null])
})

describe('evidence', () => {
  test('is the counter, where it stood, and the users whose passwords were guessed at from there lately', async () => {
    await addAttempts([
      { user: 'joe@example.com' },
      { user: 'joe@example.com', reason: 'wrong_password' },
      { user: 'ann@example.com', client_address: '198.51.100.99' },
      { user: 'nobody@example.com', reason: 'unknown_user' },
      { user: 'got-in@example.com', result: 'success', reason: 'ok', counters: '' },
      { user: 'no-backend@example.com', reason: 'no_backend', counters: '' },
      { user: 'elsewhere@example.com', client_address: '203.0.113.7' },
      { user: 'long-ago@example.com', time: time - hour },
    ])
    await offend()
    const { users, ...rest } = await evidenceOf()
    expect(rest).toEqual({ counter: 'address', count: 20 })
    expect(users.toSorted()).toEqual([
      'ann@example.com',
      'joe@example.com',
      'last@example.com',
      'nobody@example.com',
    ])
  })

  test('keeps at most twenty users', async () => {
    await addAttempts(Array.from({ length: 50 }, (_, i) => ({ user: `user${i}@example.com` })))
    await offend()
    expect(new Set((await evidenceOf()).users).size).toBe(20)
  })
})

describe('only an alert, no ban', () => {
  test.each([
    ['a shared address', { shared: true }],
    ['loopback', { cidr: '127.0.0.1/32', network: '127.0.0.0/24' }],
    ['another loopback address', { cidr: '127.1.2.3/32', network: '127.1.2.0/24' }],
    ['a loopback network', { event: 'network', cidr: '127.0.0.0/24', network: '127.0.0.0/24' }],
    ['IPv6 loopback', { cidr: '::/64', network: '::/48' }],
  ] as const)('%s', async (_, changes) => {
    const place = 'cidr' in changes ? changes.cidr.replace('127.0.0.0/24', '127.0.0.1/32') : address
    await offend({ ...changes, place })
    expect(await readBans('all')).toEqual([])
    expect(lines).toMatchObject([{ level: 40, cidr: place, shared: 'shared' in changes }])
  })
})

test('a neighbour of this machine is banned alone, not with the network that both are in', async () => {
  const place = '127.0.0.1/32'
  await offend({ event: 'spraying', cidr: '127.0.0.0/24', network: '127.0.0.0/24', place: address })
  expect(await newestBan()).toMatchObject({ cidr: address, event_type: 'spraying' })
  await offend({ event: 'spraying', cidr: '127.0.0.0/24', network: '127.0.0.0/24', place })
  expect(await readBans('all')).toHaveLength(1)
})
