import { describe, expect, test } from 'vitest'
import type { BackendRow } from '../database/schema.ts'
import { chooseTarget, findLeftAlone, findPool, isActive, nextHealth, warnOfPort } from './rules.ts'
import type { Health, Outcome } from './shapes.ts'

function backend(id: string, fields: Partial<BackendRow> = {}): BackendRow {
  return {
    id,
    protocol: 'imap',
    host: `${id}.test`,
    port: 143,
    weight: 1,
    tier: 0,
    domain: null,
    pool: null,
    state: 'active',
    created_at: 0,
    updated_at: 0,
    version: 1,
    ...fields,
  }
}

const users = Array.from({ length: 1_000 }, (_, number) => `user${number}@example.org`)
const up = (row: BackendRow, addresses = [`${row.id}-address`]) => ({ backend: row, addresses })

/** user -> id of the backend */
function spread(rows: BackendRow[]): Map<string, string | undefined> {
  const targets = rows.map(row => up(row))
  return new Map(users.map(user => [user, chooseTarget(targets, user)?.backend.id]))
}

const countOf = (placed: Map<string, string | undefined>, id: string) =>
  [...placed.values()].filter(value => value === id).length

describe('findPool', () => {
  const rows = [
    backend('open'),
    backend('open-pop', { protocol: 'pop3' }),
    backend('draining', { state: 'draining' }),
    backend('off', { state: 'off' }),
    backend('own', { domain: 'own.test' }),
    backend('shut', { domain: 'shut.test', state: 'draining' }),
    backend('vip', { pool: 'vip' }),
    backend('vip-off', { pool: 'vip', state: 'off' }),
  ]
  test.each([
    ['any domain', { protocol: 'imap', domain: 'example.org', pool: null }, ['open']],
    ['a name without domain', { protocol: 'imap', domain: '', pool: null }, ['open']],
    ['another protocol', { protocol: 'pop3', domain: 'example.org', pool: null }, ['open-pop']],
    ['a protocol nobody serves', { protocol: 'smtp', domain: 'example.org', pool: null }, []],
    ['a domain with its own', { protocol: 'imap', domain: 'own.test', pool: null }, ['own']],
    ['its own are not active: no open one', { protocol: 'imap', domain: 'shut.test', pool: null }, []],
    ['an assigned pool, before the domain', { protocol: 'imap', domain: 'own.test', pool: 'vip' }, ['vip']],
    ['a pool without members', { protocol: 'imap', domain: 'own.test', pool: 'gone' }, []],
  ] as const)('%s', (_, wanted, expected) => {
    const { members } = findPool(rows, wanted)
    expect(members.filter(isActive).map(row => row.id)).toEqual(expected)
  })

  test('says what the members are chosen by', () => {
    const by = (domain: string, pool: string | null) => findPool(rows, { protocol: 'imap', domain, pool }).by
    expect([by('own.test', 'vip'), by('own.test', null), by('example.org', null)]).toEqual([
      'pool',
      'domain',
      'open',
    ])
  })
})

describe('findLeftAlone', () => {
  const open = backend('open')
  const vip = backend('vip', { pool: 'vip' })
  const own = backend('own', { domain: 'own.test' })
  test.each([
    ['the last open one goes', [open, vip, own], open, null, 'imap logins'],
    ['another open one stays', [open, backend('other')], open, null, null],
    ['the other one is draining', [open, backend('other', { state: 'draining' })], open, null, 'imap logins'],
    [
      'the other one speaks another protocol',
      [open, backend('o', { protocol: 'pop3' })],
      open,
      null,
      'imap logins',
    ],
    ['the last of a pool drains', [open, vip], vip, { ...vip, state: 'draining' }, 'imap logins of pool vip'],
    [
      'the last of a domain moves into a pool',
      [open, own],
      own,
      { ...own, domain: null, pool: 'vip' },
      'imap logins of own.test',
    ],
    ['only the weight changes', [open], open, { ...open, weight: 2 }, null],
    ['it was not active', [{ ...open, state: 'off' }], { ...open, state: 'off' }, null, null],
  ] as [string, BackendRow[], BackendRow, BackendRow | null, string | null][])(
    '%s',
    (_, rows, before, after, expected) => {
      expect(findLeftAlone(rows, before, after)).toBe(expected)
    },
  )
})

describe('chooseTarget', () => {
  test.each([
    [1, 1],
    [3, 1],
    [1, 3],
  ])('1,000 users, weights %i:%i: each share within 10 % of its weight', (left, right) => {
    const placed = spread([backend('a', { weight: left }), backend('b', { weight: right })])
    const fair = (1_000 * left) / (left + right)
    expect(Math.abs(countOf(placed, 'a') - fair)).toBeLessThanOrEqual(fair / 10)
    expect(Math.abs(countOf(placed, 'b') - (1_000 - fair))).toBeLessThanOrEqual((1_000 - fair) / 10)
  })

  test('stopping one moves only its users; starting it brings them back', () => {
    const [a, b, c] = [backend('a'), backend('b', { weight: 2 }), backend('c')]
    const before = spread([a, b, c])
    const without = spread([a, c])
    for (const user of users) {
      if (before.get(user) === 'b') expect(without.get(user)).not.toBe('b')
      else expect(without.get(user)).toBe(before.get(user))
    }
    expect(countOf(before, 'b')).toBeGreaterThan(0)
    expect(spread([c, b, a])).toEqual(before)
  })

  test('a changed weight moves users only towards the one that gained', () => {
    const before = spread([backend('a'), backend('b')])
    const after = spread([backend('a'), backend('b', { weight: 3 })])
    for (const user of users) if (before.get(user) === 'b') expect(after.get(user)).toBe('b')
    expect(countOf(after, 'b')).toBeGreaterThan(countOf(before, 'b'))
  })

  test('a higher tier is asked only when no lower one has a healthy address', () => {
    const [first, spare, last] = [
      backend('first'),
      backend('spare', { tier: 1 }),
      backend('last', { tier: 5 }),
    ]
    const pick = (...targets: ReturnType<typeof up>[]) => chooseTarget(targets, 'joe')?.backend.id
    expect(pick(up(last), up(spare), up(first))).toBe('first')
    expect(pick(up(last), up(spare), up(first, []))).toBe('spare')
    expect(pick(up(last), up(spare, []), up(first, []))).toBe('last')
    expect(pick(up(first, []))).toBeUndefined()
    expect(chooseTarget([], 'joe')).toBeNull()
  })

  test('the addresses of one name share its users; one that goes away moves only its own', () => {
    const row = backend('a', { port: 1143 })
    const place = (addresses: string[]) =>
      new Map(users.map(user => [user, chooseTarget([up(row, addresses)], user)?.address]))
    const before = place(['192.0.2.1', '192.0.2.2', '2001:db8::1'])
    const after = place(['192.0.2.1', '2001:db8::1'])
    expect(new Set(before.values()).size).toBe(3)
    for (const user of users) {
      if (before.get(user) !== '192.0.2.2') expect(after.get(user)).toBe(before.get(user))
    }
    expect(chooseTarget([up(row, ['192.0.2.1'])], 'joe')).toEqual({
      backend: row,
      address: '192.0.2.1',
      port: 1143,
    })
  })
})

describe('nextHealth', () => {
  const good: Outcome = { kind: 'good', greeting: '+OK' }
  const refused: Outcome = { kind: 'refused', error: 'refused' }
  const failed: Outcome = { kind: 'failed', error: 'silent' }
  const state = (fields: Partial<Health>): Health => ({
    up: true,
    since: 5,
    against: 0,
    checked_at: 50,
    last_error: null,
    ...fields,
  })
  const falling = (against: number) => state({ against, last_error: 'silent' })
  const down = (against = 0) => state({ up: false, against, last_error: 'silent' })

  test.each<[string, Health, Outcome, Partial<Health>]>([
    ['good stays up', state({}), good, {}],
    ['refused: down at once', state({}), refused, { up: false, since: 99, last_error: 'refused' }],
    ['first failure: still up', state({}), failed, { against: 1, last_error: 'silent' }],
    ['second failure: still up', falling(1), failed, { against: 2, last_error: 'silent' }],
    ['third failure: down', falling(2), failed, { up: false, since: 99, last_error: 'silent' }],
    ['a good one in between starts over', falling(2), good, {}],
    ['refused after a failure: down', falling(1), refused, { up: false, since: 99, last_error: 'refused' }],
    ['down, first good: still down', down(), good, { up: false, against: 1, last_error: 'silent' }],
    ['down, second good: up', down(1), good, { since: 99 }],
    ['down, failure after a good one: over again', down(1), failed, { up: false, last_error: 'silent' }],
    ['down and refused stays down', down(), refused, { up: false, last_error: 'refused' }],
  ])('%s', (_, previous, outcome, expected) => {
    const after = nextHealth(previous, outcome, { fall: 3, rise: 2 }, 99)
    expect(after).toEqual(state({ checked_at: 99, ...expected }))
  })
})

test('ports that want TLS are warned about', () => {
  expect([993, 995, 465].map(warnOfPort)).toEqual([
    expect.stringContaining('143'),
    expect.stringContaining('110'),
    expect.stringContaining('587'),
  ])
  expect(warnOfPort(143)).toBeNull()
})
