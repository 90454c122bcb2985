import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { insertAttempts, someAttempt } from '../../infra/e2e/auth-log.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { emptySums, quantile } from '../audit/histogram.ts'
import { rebuildStats } from '../audit/rebuild.ts'
import { dayMs, hourMs, minuteMs } from '../audit/times.ts'
import { makeRecentTops } from '../audit/tops.ts'
import type { AuthLogRow, Database } from '../database/schema.ts'
import { newId } from '../id.ts'
import { readPeriod } from './period.ts'

const now = Date.UTC(2026, 10, 24, 12, 34, 56)
const clock = () => now
let host: InProcess

beforeAll(async () => {
  host = await openInProcess()
})
afterAll(() => host?.close())
async function empty(): Promise<void> {
  for (const table of ['auth_log', 'auth_stats', 'auth_rollups', 'auth_tops', 'active_users'] as const)
    await host.services.db.deleteFrom(table).execute()
}

const services = (more = {}) => ({ ...host.services, clock, ...more })
const makeRow = (ago: number, more: Partial<AuthLogRow> = {}): AuthLogRow => ({
  ...someAttempt,
  request_id: newId(),
  time: now - ago,
  client_network: '192.0.2.0/24',
  duration_ms: 4,
  count: 1,
  ...more,
})
const wrong = { result: 'failed', reason: 'wrong_password' } as const

async function fill(rows: AuthLogRow[]): Promise<void> {
  await insertAttempts(host.services.db, rows)
  for (let next: number | null | undefined; next !== null; )
    next = (await rebuildStats(services(), { since: next })).next
}

/** One attempt every ten minutes for forty days; every fourth is wrong. */
const steady = Array.from({ length: 40 * 24 * 6 }, (_, i) =>
  makeRow(i * 10 * minuteMs + 3 * minuteMs, i % 4 === 0 ? wrong : {}),
)

describe('of forty days', () => {
  beforeAll(async () => {
    await empty()
    await fill(steady)
  })

  test.each([
    ['an hour by the minute', hourMs, minuteMs, 6],
    ['a day by the hour', dayMs, hourMs, 24 * 6],
    ['a week by the hour', 7 * dayMs, hourMs, 7 * 24 * 6],
    ['a month by the day', 30 * dayMs, dayMs, 30 * 24 * 6],
  ])('%s: sums are right, and equal those of the series', async (_, range, step, atLeast) => {
    const period = await readPeriod(services(), { since: now - range })
    expect([period.step, period.until]).toEqual([step, now])
    expect(period.since).toBe(Math.floor((now - range) / step) * step)
    const inRange = steady.filter(({ time }) => time >= period.since)
    expect(period.total).toBe(inRange.length)
    expect(period.total).toBeGreaterThanOrEqual(atLeast)
    expect(period.failed).toBe(inRange.filter(({ result }) => result === 'failed').length)
    expect(period.series.reduce((sum, { success, failed }) => sum + success + failed, 0)).toBe(inRange.length)
    for (const { start } of period.series) expect((start - period.since) % step).toBe(0)
    expect(period.series.map(({ start }) => start)).toEqual(period.series.map(({ start }) => start).sort())
    expect(period.reasons[0]).toEqual({ reason: 'ok', count: period.success })
    expect(period.response_time.avg).toBe(4)
  })
})

describe('of other rows', () => {
  beforeEach(empty)

  test('nothing there', async () => {
    expect(await readPeriod(services(), {})).toMatchObject({
      total: 0,
      success: 0,
      failed: 0,
      success_rate: null,
      error_rate: null,
      active_users: 0,
      response_time: { avg: null, p50: null, p95: null, p99: null },
      reasons: [],
      tops: { user: [], address: [], network: [] },
    })
  })

  test('the auth log is never read', async () => {
    await fill(steady.slice(0, 300))
    const statements: string[] = []
    const logDb: Database = host.services.logDb.withPlugin({
      transformQuery({ node }) {
        statements.push(JSON.stringify(node))
        return node
      },
      transformResult: async ({ result }) => result,
    })
    for (const range of [hourMs, dayMs, 30 * dayMs])
      await readPeriod(services({ logDb, db: null }), { since: now - range })
    expect(statements.length).toBeGreaterThan(10)
    expect(statements.filter(text => text.includes('auth_log'))).toEqual([])
  })

  test('tops: who leads in tried, failed and succeeded, at most a hundred of a kind', async () => {
    const crowd = Array.from({ length: 300 }, (_, i) =>
      makeRow(5 * minuteMs, {
        ...wrong,
        user: `guess${i}`,
        client_address: `198.51.100.${i % 250}`,
        count: 1 + (i % 7),
      }),
    )
    const webmail = makeRow(4 * minuteMs, {
      user: 'busy',
      client_address: '10.0.0.5',
      client_network: '10.0.0.0/24',
    })
    const attacked = makeRow(6 * minuteMs, { ...wrong, user: 'victim', count: 40 })
    await fill([
      ...crowd,
      attacked,
      ...Array.from({ length: 30 }, () => ({ ...webmail, request_id: newId() })),
    ])
    const { tops } = await readPeriod(services(), {})
    expect(tops.user[0]).toEqual({ name: 'victim', tried: 40, failed: 40, succeeded: 0 })
    expect(tops.user).toContainEqual({ name: 'busy', tried: 30, failed: 0, succeeded: 30 })
    expect(tops.address).toContainEqual({ name: '10.0.0.5', tried: 30, failed: 0, succeeded: 30 })
    expect(tops.network).toContainEqual({ name: '10.0.0.0/24', tried: 30, failed: 0, succeeded: 30 })
    const kept = await host.services.db.selectFrom('auth_tops').selectAll().execute()
    for (const span of ['hour', 'day'])
      expect(kept.filter(row => row.span === span && row.kind === 'user').length).toBeLessThanOrEqual(100)
  })

  test('the running hour has tops too, and the hour before gets its last attempts', async () => {
    const { db } = host.services
    await makeRecentTops(services())
    const attempt = (ago: number) => db.insertInto('auth_log').values(makeRow(ago)).execute()
    await attempt(minuteMs)
    await makeRecentTops(services())
    await attempt(40 * minuteMs)
    await attempt(2 * minuteMs)
    await makeRecentTops(services())
    const rows = await db
      .selectFrom('auth_tops')
      .select(['span', 'tried'])
      .where('kind', '=', 'user')
      .orderBy('span')
      .orderBy('start')
      .execute()
    expect(rows).toEqual([
      { span: 'day', tried: 3 },
      { span: 'hour', tried: 1 },
      { span: 'hour', tried: 2 },
    ])
  })
})

test.each([
  [{ since: '1h' }, 'since must be UTC milliseconds'],
  [{ until: 5 }, 'Unrecognized key: "until"'],
])('refuses %j', async (query, message) => {
  await expect(readPeriod(services(), query)).rejects.toMatchObject({ name: 'Refusal', message })
})

test('percentiles lie within the bucket of their attempt', () => {
  const histogram = { ...emptySums(), ms_1: 50, ms_10: 45, ms_500: 4, ms_more: 1 }
  expect(quantile(histogram, 0.5)).toBe(1)
  expect(quantile(histogram, 0.95)).toBe(10)
  expect(quantile(histogram, 0.97)).toBe(350)
  expect(quantile(histogram, 1)).toBe(5_000)
  expect(quantile(emptySums(), 0.5)).toBeNull()
})
