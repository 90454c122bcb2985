import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../infra/e2e/databases.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateUp } from '../database/migrate.ts'
import { createMemoryHotState } from '../hot-state/memory.ts'
import { addException, removeException } from './exceptions.ts'
import { insertBan } from './insert.ts'
import { type BanList, bansVersionKey, createBanList } from './list.ts'
import { addBan, type BanServices, removeBan } from './manage.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

let databases: TestDatabase
let services: BanServices
let list: BanList
let wall: number
let steady: number
/** How often the table of bans was asked for, and what holds back the coming answers, in their order. */
let reads: number
let holds: Promise<void>[]

beforeEach(async () => {
  databases = await createTestDatabase()
  await migrateUp(databases.db, migrations)
  wall = Date.UTC(2026, 0, 1)
  steady = 5_000
  reads = 0
  holds = []
  services = {
    db: databases.db,
    hot: createMemoryHotState(() => steady),
    clock: () => wall,
    actor: { name: 'Joe', address: '' },
    settings: { server: { trusted_proxies: [] } },
  }
  list = openList()
})
afterEach(() => databases.close())

/** What a process has after its start. */
function openList(): BanList {
  const db = databases.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      // The table of exceptions has no such column.
      if (!result.rows.some(row => 'starts_at' in row)) return result
      reads += 1
      await holds.shift()
      return result
    },
  })
  return createBanList({ db, clock: () => wall, steady: () => steady })
}

function advance(ms: number): void {
  wall += ms
  steady += ms
}

async function readVersion(): Promise<string | null> {
  const [version] = await services.hot.apply([{ op: 'read', key: bansVersionKey }])
  return version
}

/** As a login asks: with the version that it has just read. */
const standingOf = async (address: string, of = list) => of.standingOf(address, await readVersion())
const isBanned = async (address: string, of = list) => (await standingOf(address, of)).ban !== null
const ban = (cidr: string, duration: number | null) =>
  addBan(services, { cidr, duration, reason: 'test', force: true })
const banAutomatically = (cidr: string, duration: number) =>
  insertBan(services, {
    cidr,
    event_type: 'address',
    note: 'automatic: address',
    author: 'automatic',
    starts_at: wall,
    ends_at: wall + duration,
    evidence: null,
    level: 0,
  })

describe('from one call to the next', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.255', '192.0.3.0'],
    ['192.0.2.0/24', '::ffff:192.0.2.1', '::ffff:192.0.3.1'],
    ['2001:db8:1:2::/64', '2001:db8:1:2:ffff::1', '2001:db8:1:3::1'],
  ])('%s is in force for %s and not for %s, then lifted', async (cidr, inside, outside) => {
    expect(await isBanned(inside)).toBe(false)
    const { id } = await ban(cidr, hour)
    expect((await standingOf(inside)).ban?.id).toBe(id)
    expect(await isBanned(outside)).toBe(false)
    await removeBan(services, id)
    expect(await isBanned(inside)).toBe(false)
  })

  test('counted by what led to them, until they end or are lifted', async () => {
    const { id } = await ban('192.0.2.0/24', null)
    await ban('192.0.2.0/24', hour)
    await banAutomatically('198.51.100.7', 2 * hour)
    await standingOf('203.0.113.1')
    expect(list.countInForce()).toEqual({ manual: 2, address: 1, network: 0, spraying: 0 })
    advance(hour)
    // Nobody has asked for the address of the ban that is over.
    expect(list.countInForce()).toEqual({ manual: 1, address: 1, network: 0, spraying: 0 })
    await removeBan(services, id)
    await standingOf('203.0.113.1')
    expect(list.countInForce()).toEqual({ manual: 0, address: 1, network: 0, spraying: 0 })
  })

  test('a ban ends by itself, to the millisecond, without any job', async () => {
    await ban('192.0.2.0/24', hour)
    expect(await isBanned('192.0.2.1')).toBe(true)
    advance(hour - 1)
    expect(await isBanned('192.0.2.1')).toBe(true)
    advance(1)
    expect(await isBanned('192.0.2.1')).toBe(false)
  })

  test('one that was lifted stays so, also when the clock was set back and the gateway started again', async () => {
    await ban('198.51.100.0/24', null)
    advance(2 * day)
    await removeBan(services, '198.51.100.0/24')
    wall -= 3 * day
    expect(await isBanned('198.51.100.7')).toBe(false)
    expect(await isBanned('198.51.100.7', openList())).toBe(false)
  })

  test('one for ever goes on', async () => {
    await ban('192.0.2.0/24', null)
    expect(await isBanned('192.0.2.1')).toBe(true)
    advance(10_000 * day)
    expect(await isBanned('192.0.2.1')).toBe(true)
  })

  test('one that was committed and never announced holds, and is lifted, within a minute of logins', async () => {
    const dying = {
      ...services,
      hot: { ...services.hot, announce: () => Promise.reject(new Error('killed')) },
    }
    const seems = (is: boolean) =>
      vi.waitFor(async () => expect(await isBanned('192.0.2.7')).toBe(is), { timeout: 5_000, interval: 5 })
    await isBanned('192.0.2.7')
    await expect(
      addBan(dying, { cidr: '192.0.2.7', duration: day, reason: 'test', force: true }),
    ).rejects.toThrow('killed')
    expect(await isBanned('192.0.2.7')).toBe(false)
    advance(minute + 1)
    await seems(true)
    await expect(removeBan(dying, '192.0.2.7')).rejects.toThrow('killed')
    advance(minute + 1)
    await seems(false)
  })

  test('the list is not read again while nothing changes', async () => {
    await ban('192.0.2.0/24', hour)
    for (let i = 0; i < 5; i++) await isBanned('192.0.2.1')
    expect(reads).toBe(1)
  })
})

describe('a clock that is set', () => {
  test.each([-day, day])('by %i ms neither ends a ban nor prolongs it', async jump => {
    await ban('192.0.2.0/24', hour)
    expect(await isBanned('192.0.2.1')).toBe(true)
    wall += jump
    expect(await isBanned('192.0.2.1')).toBe(true)
    // News of another ban must not look at this one again.
    await ban('198.51.100.0/24', hour)
    expect(await isBanned('192.0.2.1')).toBe(true)
    advance(hour - 1)
    expect(await isBanned('192.0.2.1')).toBe(true)
    advance(1)
    expect(await isBanned('192.0.2.1')).toBe(false)
  })

  test('back by a day over a restart: the ban lasts its duration once more, not a day', async () => {
    await ban('192.0.2.0/24', hour)
    wall -= day
    const restarted = openList()
    expect(await isBanned('192.0.2.1', restarted)).toBe(true)
    advance(hour - 1)
    expect(await isBanned('192.0.2.1', restarted)).toBe(true)
    advance(1)
    expect(await isBanned('192.0.2.1', restarted)).toBe(false)
  })

  test.each([-day, day])('by %i ms keeps nobody from lifting the ban', async jump => {
    const { id } = await ban('192.0.2.0/24', hour)
    await ban('192.0.2.0/24', 2 * hour)
    expect(await isBanned('192.0.2.1')).toBe(true)
    wall += jump
    await removeBan(services, id)
    expect(await isBanned('192.0.2.1')).toBe(true)
    await removeBan(services, '192.0.2.0/24')
    expect(await isBanned('192.0.2.1')).toBe(false)
  })
})

test('a restart keeps what is left of a ban, and nothing of one that is over', async () => {
  await ban('192.0.2.0/24', hour)
  await ban('198.51.100.0/24', minute)
  advance(40 * minute)
  const restarted = openList()
  expect(await isBanned('198.51.100.1', restarted)).toBe(false)
  expect(await isBanned('192.0.2.1', restarted)).toBe(true)
  advance(20 * minute)
  expect(await isBanned('192.0.2.1', restarted)).toBe(false)
})

describe('several bans of one address', () => {
  test('one ends, the other stays', async () => {
    await ban('192.0.2.0/24', hour)
    await ban('192.0.2.7', 2 * hour)
    const same = await ban('192.0.2.0/24', 3 * hour)
    expect(await isBanned('192.0.2.7')).toBe(true)
    advance(hour)
    expect(await isBanned('192.0.2.7')).toBe(true)
    advance(hour)
    expect((await standingOf('192.0.2.7')).ban?.id).toBe(same.id)
    advance(hour)
    expect(await isBanned('192.0.2.7')).toBe(false)
  })

  test.each([
    ['192.0.2.0/24', '192.0.2.7/32'],
    ['192.0.2.7/32', '192.0.2.0/24'],
    ['192.0.2.7/32', '192.0.2.7/32'],
  ])(
    'an administrator’s of %s comes before an automatic one of %s, in either order',
    async (byHand, other) => {
      const before = await banAutomatically(other, 2 * hour)
      expect((await standingOf('192.0.2.7')).ban?.id).toBe(before.id)
      const { id } = await ban(byHand, hour)
      expect((await standingOf('192.0.2.7')).ban?.id).toBe(id)
      await banAutomatically(other, 2 * hour)
      expect((await standingOf('192.0.2.7')).ban?.id).toBe(id)
      advance(hour)
      expect((await standingOf('192.0.2.7')).ban?.event_type).toBe('address')
    },
  )
})

describe('concurrent calls', () => {
  test('that find the same news share one reading', async () => {
    await ban('192.0.2.0/24', hour)
    const version = await readVersion()
    const found = await Promise.all(Array.from({ length: 20 }, () => list.standingOf('192.0.2.1', version)))
    expect(found.every(standing => standing.ban !== null)).toBe(true)
    expect(reads).toBe(1)
  })

  test('never see the list of before their own version, also while an older reading is under way', async () => {
    await ban('192.0.2.0/24', hour)
    const before = await readVersion()
    const held = Promise.withResolvers<void>()
    holds = [held.promise]
    const early = Array.from({ length: 20 }, () => list.standingOf('198.51.100.1', before))
    await expect.poll(() => reads, { timeout: 10_000 }).toBe(1)
    await ban('198.51.100.0/24', hour)
    const now = await readVersion()
    const late = Array.from({ length: 20 }, () => list.standingOf('198.51.100.1', now))
    held.resolve()
    await Promise.all(early)
    expect((await Promise.all(late)).filter(standing => standing.ban === null)).toEqual([])
    expect(reads).toBe(2)
  })

  test('a reading that fails fails those that wait for it, and the next one goes well', async () => {
    await ban('192.0.2.0/24', hour)
    const failing = Promise.withResolvers<void>()
    holds = [failing.promise]
    const version = await readVersion()
    const first = Promise.allSettled([
      list.standingOf('192.0.2.1', version),
      list.standingOf('192.0.2.1', version),
    ])
    await expect.poll(() => reads, { timeout: 10_000 }).toBe(1)
    failing.reject(new Error('database away'))
    expect((await first).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await isBanned('192.0.2.1')).toBe(true)
  })
})

test('five thousand bans, each of its own address', async () => {
  const rows = Array.from({ length: 5_000 }, (_, i) => ({
    id: `ban-${i}`,
    cidr: `10.0.${i >> 8}.${i & 255}/32`,
    event_type: 'manual' as const,
    note: 'test',
    author: 'test',
    starts_at: wall,
    ends_at: wall + hour + i,
    evidence: null,
    level: 0,
    version: i + 1,
  }))
  for (let at = 0; at < rows.length; at += 1_000) {
    await databases.db
      .insertInto('ip_blacklist')
      .values(rows.slice(at, at + 1_000))
      .execute()
  }
  for (const at of [0, 2_499, 4_999]) {
    const address = rows[at]!.cidr.replace('/32', '')
    expect((await standingOf(address)).ban?.id).toBe(`ban-${at}`)
  }
  expect(await isBanned('10.0.19.136')).toBe(false)
  advance(hour + 2_499)
  expect([await isBanned('10.0.9.195'), await isBanned('10.0.9.196')]).toEqual([false, true])
})

test('exceptions hold for their prefix, from one call to the next', async () => {
  const nothing = { ban: null, allowed: false, shared: false }
  expect(await standingOf('192.0.2.1')).toEqual(nothing)
  await addException(services, { kind: 'allow', cidr: '192.0.2.0/28' })
  await addException(services, { kind: 'shared', cidr: '192.0.2.0/24' })
  await addException(services, { kind: 'shared', cidr: '2001:db8::/48' })
  expect(await standingOf('192.0.2.1')).toEqual({ ban: null, allowed: true, shared: true })
  expect(await standingOf('192.0.2.16')).toEqual({ ban: null, allowed: false, shared: true })
  expect(await standingOf('2001:db8:0:9::1')).toEqual({ ban: null, allowed: false, shared: true })
  expect(await standingOf('192.0.3.1')).toEqual(nothing)
  await removeException(services, '192.0.2.0/28', 'allow')
  expect(await standingOf('192.0.2.1')).toEqual({ ban: null, allowed: false, shared: true })
})

test.each(['unix:', ''])('%j is no address and has no standing, whatever is banned', async address => {
  await ban('0.0.0.0/0', null)
  await ban('::/0', null)
  await addException(services, { kind: 'allow', cidr: '0.0.0.0/0' })
  expect(await standingOf(address)).toEqual({ ban: null, allowed: false, shared: false })
  expect(await isBanned('192.0.2.1')).toBe(true)
})
