import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { someAttempt } from '../../infra/e2e/auth-log.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { networkOf } from '../ban/rules.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { searchAuthLog } from './search.ts'

let host: InProcess
const now = 1_800_000_000_000
const minute = 60_000

const makeRow = (i: number, user: string, result: 'success' | 'failed', minutesAgo: number): AuthLogRow => ({
  request_id: `row-${i}`,
  time: now - minutesAgo * minute,
  user,
  client_address: '192.0.2.7',
  protocol: 'imap',
  method: 'plain',
  result,
  reason: result === 'success' ? 'ok' : 'wrong_password',
  backend: result === 'success' ? '127.0.0.1:143' : null,
  duration_ms: 1,
  attempt: 1,
  tls: 'TLSv1.3',
  count: 1,
  counters: '',
  client_network: '',
})

beforeAll(async () => {
  host = await openInProcess({ MAILGATEWAY_AUTH_DEFAULT_DOMAIN: 'home.example' })
  const rows = [
    makeRow(1, 'joe@home.example', 'success', 120),
    makeRow(2, 'joe@home.example', 'failed', 60),
    { ...makeRow(3, 'jane@home.example', 'failed', 30), protocol: 'smtp' },
    makeRow(4, 'joe@home.example', 'failed', 10),
    makeRow(5, 'joe@home.example', 'failed', 10),
    makeRow(6, 'joe @x.org', 'failed', 5),
    makeRow(7, '%', 'failed', 4),
  ]
  await host.services.db.insertInto('auth_log').values(rows).execute()
})
afterAll(() => host?.close())

async function search(query: unknown): Promise<number[]> {
  const { items } = await searchAuthLog(host.services, query)
  return items.map(({ request_id }) => Number(request_id.slice('row-'.length)))
}

test.each([
  ['everything, newest first, the later id first at one time', {}, [7, 6, 5, 4, 3, 2, 1]],
  ['one user', { user: 'joe@home.example' }, [5, 4, 2, 1]],
  ['one user in another spelling', { user: 'JOE' }, [5, 4, 2, 1]],
  ['a text that is no name, as it was sent', { user: 'joe @x.org' }, [6]],
  ['no wildcards', { user: '%' }, []],
  ['nobody', { user: 'nobody' }, []],
  ['successes', { result: 'success' }, [1]],
  ['since, the edge included', { since: now - 60 * minute }, [7, 6, 5, 4, 3, 2]],
  ['since, just behind the edge', { since: now - 60 * minute + 1 }, [7, 6, 5, 4, 3]],
  ['a limit', { limit: 2 }, [7, 6]],
  ['all of it together', { user: 'joe', result: 'failed', since: now - 90 * minute, limit: 2 }, [5, 4]],
])('%s', async (_, query, ids) => {
  expect(await search(query)).toEqual(ids)
})

test.each([
  ['until, the edge included', { until: now - 60 * minute }, [2, 1]],
  ['a protocol', { protocol: 'smtp' }, [3]],
  ['a reason', { reason: ['ok'] }, [1]],
  ['a backend', { backend: '127.0.0.1:143' }, [1]],
  ['no other port of it', { backend: '127.0.0.1:14' }, []],
])('%s', async (_, query, ids) => {
  expect(await search(query)).toEqual(ids)
})

const clients: [string, number][] = [
  ['192.0.2.7', 101],
  ['192.0.2.129', 102],
  ['192.0.3.7', 103],
  ['2001:db8:1:2::7', 104],
  ['2001:db8:1:3::7', 105],
  ['2001:db8:2::7', 106],
  ['unix:', 107],
  ['', 108],
  // Folded under its ban.
  ['192.0.2.0/25', 109],
]

describe('addresses', () => {
  beforeAll(async () => {
    const rows = clients.map(([client_address, id]) => ({
      ...makeRow(id, 'address@home.example', 'failed', 1),
      client_address,
      client_network: networkOf(client_address.split('/')[0]!) ?? '',
    }))
    await host.services.db.insertInto('auth_log').values(rows).execute()
  })
  afterAll(() => host.services.db.deleteFrom('auth_log').where('user', '=', 'address@home.example').execute())

  test.each([
    ['192.0.2.7', [101]],
    ['::ffff:192.0.2.7', [101]],
    ['192.0.2.7/32', [101]],
    ['192.0.2.0/24', [109, 102, 101]],
    ['192.0.2.0/25', [109, 101]],
    ['192.0.2.128/25', [102]],
    ['192.0.2.0/23', [109, 103, 102, 101]],
    ['192.0.0.0/16', [109, 103, 102, 101]],
    ['2001:db8:1:2::7', [104]],
    ['2001:db8:1:2::/64', [104]],
    ['2001:db8:1::/48', [105, 104]],
    ['2001:db8::/40', [106, 105, 104]],
    ['198.51.100.0/24', []],
    ['unix:', [107]],
  ])('%s', async (address, ids) => {
    expect(await search({ address, user: 'address' })).toEqual(ids)
  })
})

test('page after page, every row comes once, also where many have the same time', async () => {
  const user = 'paged@home.example'
  const rows = Array.from({ length: 25 }, (_, i) => makeRow(200 + i, user, 'failed', Math.floor(i / 10)))
  await host.services.db.insertInto('auth_log').values(rows).execute()
  const all = await search({ user })
  const paged: number[] = []
  let pages = 0
  for (let after: string | null | undefined; after !== null; pages++) {
    const { items, next } = await searchAuthLog(host.services, { user, limit: 5, after })
    paged.push(...items.map(({ request_id }) => Number(request_id.slice('row-'.length))))
    after = next
  }
  expect(paged).toEqual(all)
  expect([all.length, pages]).toEqual([25, 5])
  await expect(search({ after: 'row-1' })).rejects.toMatchObject({
    code: 'invalid',
    message: 'after must be `next` of the page before',
  })
})

test('few rows of a network among many: the search goes on until the limit is reached', async () => {
  const user = 'sparse@home.example'
  const rows = Array.from({ length: 1_200 }, (_, i) => ({
    ...makeRow(1_000 + i, user, 'failed', 1),
    client_address: i % 100 === 0 ? '192.0.2.7' : '192.0.2.200',
    client_network: '192.0.2.0/24',
  }))
  for (let i = 0; i < rows.length; i += 400)
    await host.services.db
      .insertInto('auth_log')
      .values(rows.slice(i, i + 400))
      .execute()
  const query = { user, address: '192.0.2.0/28' }
  const all = Array.from({ length: 12 }, (_, i) => 2_100 - i * 100)
  expect(await search(query)).toEqual(all)
  expect(await search({ ...query, limit: 7 })).toEqual(all.slice(0, 7))
  const { next } = await searchAuthLog(host.services, { ...query, limit: 7 })
  expect(await search({ ...query, limit: 7, after: next })).toEqual(all.slice(7))
})

test('a row comes back with every column', async () => {
  const {
    items: [row],
  } = await searchAuthLog(host.services, { result: 'success' })
  expect(row).toEqual({
    ...someAttempt,
    request_id: 'row-1',
    time: now - 120 * minute,
    user: 'joe@home.example',
    backend: '127.0.0.1:143',
    tls: 'TLSv1.3',
    count: 1,
    counters: '',
    client_network: '',
    node: '',
  })
})

test.each([
  [{ user: 5 }, 'user', 'user must be text'],
  [{ result: 'ok' }, 'result', 'result must be success or failed'],
  [{ since: '1h' }, 'since', 'since must be UTC milliseconds'],
  [{ until: 1.5 }, 'until', 'until must be UTC milliseconds'],
  [{ protocol: 'imaps' }, 'protocol', 'protocol must be one of imap, pop3, smtp'],
  [
    { address: '192.0.2.999' },
    'address',
    'address must be an address, or a prefix of /16 (IPv6: /40) or longer',
  ],
  [{ address: '10.0.0.0/15' }, 'address', expect.stringContaining('of /16')],
  [{ address: '2001:db8::/39' }, 'address', expect.stringContaining('of /16')],
  [{ limit: 0 }, 'limit', 'limit must be 1 to 10000'],
  [{ limit: 10_001 }, 'limit', 'limit must be 1 to 10000'],
  [{ limit: 1.5 }, 'limit', 'limit must be a whole number'],
])('refuses %j', async (query, field, message) => {
  await expect(search(query)).rejects.toMatchObject({ name: 'Refusal', code: 'invalid', field, message })
})

describe('every combination of filters finds what a look at every row finds', () => {
  const pick = <T>(values: T[], i: number, every: number) => values[Math.floor(i / every) % values.length]!
  const rows = Array.from({ length: 400 }, (_, i) => {
    const reason = pick(['ok', 'ok', 'wrong_password', 'busy', 'locked'], i, 3)
    return {
      ...makeRow(
        5_000 + i,
        pick(['a@combo.example', 'b@combo.example'], i, 7),
        reason === 'ok' ? 'success' : 'failed',
        0,
      ),
      reason,
      time: now - 1_000 * minute - Math.floor(i / 3),
      protocol: pick(['imap', 'pop3', 'smtp', ''], i, 2),
      method: pick(['plain', 'login'], i, 13),
      client_address: pick(['203.0.113.1', '203.0.113.2', '203.0.112.1'], i, 5),
      client_network: pick(['203.0.113.0/24', '203.0.113.0/24', '203.0.112.0/24'], i, 5),
      backend: reason === 'ok' ? pick(['x.example:1', 'y.example:2'], i, 11) : null,
    }
  })
  const range = { since: now - 1_001 * minute, until: now - 1_000 * minute }
  beforeAll(() => host.services.db.insertInto('auth_log').values(rows).execute())
  afterAll(() => host.services.db.deleteFrom('auth_log').where('time', '<=', range.until).execute())

  const options = {
    user: [undefined, 'a@combo.example'],
    address: [undefined, '203.0.113.1', '203.0.113.0/24', '203.0.112.0/23', '203.0.113.0/30'],
    protocol: [undefined, 'pop3'],
    result: [undefined, 'failed', 'success'],
    reason: [undefined, ['busy'], ['ok', 'locked']],
    backend: [undefined, 'x.example:1'],
  }
  type Query = Record<string, string | string[] | undefined>
  const combined = Object.entries(options).reduce<Query[]>(
    (all, [name, values]) => all.flatMap(query => values.map(value => ({ ...query, [name]: value }))),
    [{}],
  )
  // What no index knows goes with every way through the log.
  const unknown = [{ method: 'login' }, { text: 'B@COMBO' }, { method: 'login', text: 'B@COMBO' }]
  const queries: Query[] = [
    ...combined,
    ...combined.filter((_, i) => i % 17 === 0).flatMap(query => unknown.map(more => ({ ...query, ...more }))),
  ]
  const holds = (address: string | undefined, client: string) =>
    address === undefined ||
    client === address ||
    (address === '203.0.113.0/24' && client.startsWith('203.0.113.')) ||
    (address === '203.0.113.0/30' && client.startsWith('203.0.113.')) ||
    address === '203.0.112.0/23'

  test('whole and page by page', async () => {
    for (const query of queries) {
      const { address, text, reason, ...same } = query
      const expected = rows
        .filter(row => holds(address as string | undefined, row.client_address))
        .filter(row => text === undefined || row.user.startsWith('b@'))
        .filter(row => reason === undefined || reason.includes(row.reason))
        .filter(row =>
          Object.entries(same).every(([name, value]) => value === undefined || row[name as 'user'] === value),
        )
        .sort((a, b) => b.time - a.time || (a.request_id < b.request_id ? 1 : -1))
        .map(({ request_id }) => request_id)
      const read = (more: object) => searchAuthLog(host.services, { ...query, ...range, ...more })
      const all = await read({ limit: 1_000 })
      expect(
        all.items.map(row => row.request_id),
        JSON.stringify(query),
      ).toEqual(expected)
      expect([all.next, all.searched_to]).toEqual([null, null])
      const first = await read({ limit: 7 })
      const second = first.next === null ? { items: [] } : await read({ limit: 7, after: first.next })
      expect([...first.items, ...second.items].map(row => row.request_id)).toEqual(expected.slice(0, 14))
    }
  })
})
