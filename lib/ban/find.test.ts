import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMysql } from '../../infra/e2e/databases.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { newId } from '../id.ts'
import { banQuery, listBans, selectPage } from './find.ts'
import { insertBans } from './insert.ts'

const many = 20_000
const start = Date.UTC(2026, 0, 1)
const now = start + many
let host: InProcess
let services: InProcess['services']

/** Every tenth is in force, every hundredth was made by a counter. */
const makeBan = (i: number) => ({
  id: newId(),
  cidr: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`,
  event_type: i % 100 === 0 ? ('address' as const) : ('manual' as const),
  note: i === 77 ? 'O\'Brien 100%_off "😀"' : `guess ${i}`,
  author: 'Joe',
  starts_at: start + i,
  ends_at: i % 10 === 0 ? null : start + i + 1,
  evidence:
    i % 100 === 0 ? JSON.stringify({ counter: 'address', count: 20, users: ['joe@example.com'] }) : null,
  level: 0,
  lifted_at: null,
})

beforeAll(async () => {
  host = await openInProcess({}, { clock: () => now, steady: () => now })
  services = host.services
  const wide = ['10.0.0.0/8', '0.0.0.0/0', '10.0.0.0/24', '2001:db8::/32']
  const bans = Array.from({ length: many }, (_, i) => makeBan(i))
  await insertBans(services, [...bans, ...wide.map((cidr, i) => ({ ...makeBan(10 * i), cidr }))])
})
afterAll(() => host?.close())

const list = (wanted: object = {}) => listBans(services, wanted)
const cidrsOf = async (wanted: object) => (await list(wanted)).items.map(({ cidr }) => cidr)

test('pages join without gap or double, newest first, and only the first has the total', async () => {
  const seen: number[] = []
  const totals: (number | null)[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page = await list({ after, limit: 1_000 })
    seen.push(...page.items.map(({ starts_at }) => starts_at))
    totals.push(page.total)
    after = page.next
  }
  expect(seen).toHaveLength(many / 10 + 4)
  expect(seen).toEqual(seen.toSorted((a, b) => b - a))
  expect(totals).toEqual([many / 10 + 4, null, null])
})

test('what is over, what a counter made with its evidence, and all', async () => {
  expect((await list({ state: 'expired' })).total).toBe(many * 0.9)
  expect((await list({ state: 'all' })).total).toBe(many + 4)
  const { items, total } = await list({ event_type: 'address', limit: 1 })
  expect([total, items[0]]).toMatchObject([
    many / 100 + 1,
    { in_force: true, evidence: { counter: 'address', users: ['joe@example.com'] } },
  ])
})

test('those that contain an address, or a network', async () => {
  expect((await cidrsOf({ address: '10.0.0.10' })).toSorted()).toEqual([
    '0.0.0.0/0',
    '10.0.0.0/24',
    '10.0.0.0/8',
    '10.0.0.10/32',
  ])
  expect((await cidrsOf({ address: '10.0.0.0/23' })).toSorted()).toEqual(['0.0.0.0/0', '10.0.0.0/8'])
  expect(await cidrsOf({ address: '2001:db8:1::1' })).toEqual(['2001:db8::/32'])
  expect(await cidrsOf({ address: '2001:db9::1' })).toEqual([])
})

describe('a text is found as it is written', () => {
  test.each(["o'brien", '100%_OFF', '😀', '"'])('%s', async search => {
    expect(await list({ state: 'all', search })).toMatchObject({
      total: 1,
      items: [{ cidr: '10.0.0.77/32' }],
    })
  })
  test.each(['100%off', '!', '\\', "' or 1=1 --"])('%s is not there', async search => {
    expect(await list({ state: 'all', search })).toEqual({ items: [], next: null, total: 0 })
  })
})

test.each([
  ['after', { after: 'nonsense' }],
  ['after', { after: '1' }],
  ['address', { address: 'joe' }],
  ['limit', { limit: 1_001 }],
  ['state', { state: 'asleep' }],
])('a bad %s is named: %j', async (field, wanted) => {
  await expect(list(wanted)).rejects.toMatchObject({ name: 'Refusal', code: 'invalid', field })
})

/** Which index the page is read by. */
async function explain(wanted: object): Promise<string> {
  const { sql: text, parameters } = selectPage(services.logDb, banQuery.parse(wanted), now, {
    time: now,
    id: '',
  }).compile()
  const how = isMysql() ? 'explain' : 'explain query plan'
  const parts = text.split('?')
  const query = parts
    .slice(1)
    .reduce(
      (all, part, i) => sql`${all}${parameters[i]}${sql.raw(part)}`,
      sql`${sql.raw(`${how} ${parts[0]}`)}`,
    )
  const { rows } = await query.execute(services.logDb)
  return JSON.stringify(rows)
}

test('a page is read along an index, and sorts nothing', async () => {
  for (const state of ['active', 'expired', 'all']) {
    const plan = await explain({ state, event_type: 'manual' })
    expect(plan).toContain('ip_blacklist_list')
    expect(plan).toMatch(isMysql() ? /Using index/ : /COVERING INDEX/)
    expect(plan).not.toMatch(/filesort|TEMP B-TREE/)
  }
  expect(await explain({ address: '10.0.0.10' })).toMatch(/ip_blacklist_(cidr|list)/)
})
