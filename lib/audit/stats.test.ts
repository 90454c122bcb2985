import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { someAttempt } from '../../infra/e2e/auth-log.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { newId } from '../id.ts'
import { countActiveUsers } from './active-users.ts'
import { createAuditTrail } from './append.ts'
import { rebuildStats } from './rebuild.ts'
import { rollUpRecent } from './roll-up.ts'
import { createStats, type Stats } from './stats.ts'
import { dayMs, hourMs, minuteMs } from './times.ts'

const start = Date.UTC(2026, 10, 24, 12, 30)
let now = start
const clock = () => now
let host: InProcess
const open: Stats[] = []

beforeEach(async () => {
  now = start
  host = await openInProcess()
})
afterEach(async () => {
  for (const stats of open.splice(0)) await stats.stop()
  await host.close()
})

const silent = { warn: () => {} }
const services = (node = 'one', more = {}) => ({ ...host.services, clock, node, log: silent, ...more })

function openStats(node = 'one', more = {}): Stats {
  const stats = createStats(services(node, more))
  open.push(stats)
  stats.start()
  return stats
}

const makeRow = (more: Partial<AuthLogRow> = {}): AuthLogRow => ({
  ...someAttempt,
  request_id: newId(),
  time: now,
  client_network: '192.0.2.0/24',
  duration_ms: 3,
  node: 'one',
  ...more,
})
const wrong = { result: 'failed', reason: 'wrong_password' } as const

const insert = (rows: AuthLogRow[]) => host.services.db.insertInto('auth_log').values(rows).execute()
const readStats = () =>
  host.services.db
    .selectFrom('auth_stats')
    .selectAll()
    .orderBy('minute')
    .orderBy('node')
    .orderBy('reason')
    .execute()
const readRollUps = () =>
  host.services.db
    .selectFrom('auth_rollups')
    .selectAll()
    .orderBy('span')
    .orderBy('start')
    .orderBy('reason')
    .execute()
const counts = async () =>
  (await readStats()).map(({ minute, node, reason, count }) => [
    (minute - start) / minuteMs,
    node,
    reason,
    count,
  ])

test('attempts are written by minute, protocol, result and reason, with how long they took', async () => {
  const stats = openStats()
  stats.count([
    makeRow(),
    makeRow({ duration_ms: 80 }),
    makeRow(wrong),
    makeRow({ time: start + minuteMs, duration_ms: 9_999 }),
  ])
  await stats.stop()
  expect(await readStats()).toMatchObject([
    {
      minute: start,
      node: 'one',
      protocol: 'imap',
      result: 'success',
      reason: 'ok',
      count: 2,
      duration_sum_ms: 83,
      ms_5: 1,
      ms_100: 1,
      ms_50: 0,
    },
    { minute: start, result: 'failed', reason: 'wrong_password', count: 1 },
    { minute: start + minuteMs, count: 1, ms_more: 1, duration_sum_ms: 9_999 },
  ])
})

test('they are written within seconds, while more come', async () => {
  const stats = openStats()
  stats.count([makeRow()])
  await vi.waitFor(async () => expect(await counts()).toEqual([[0, 'one', 'ok', 1]]), 10_000)
  stats.count([makeRow(), makeRow()])
  await vi.waitFor(async () => expect(await counts()).toEqual([[0, 'one', 'ok', 3]]), 10_000)
})

test('each process has rows of its own', async () => {
  const both = [openStats('one'), openStats('two')]
  for (const stats of both) stats.count([makeRow()])
  await Promise.all(both.map(stats => stats.stop()))
  expect(await counts()).toEqual([
    [0, 'one', 'ok', 1],
    [0, 'two', 'ok', 1],
  ])
})

test('a process that starts again within the minute goes on from what is there', async () => {
  for (let run = 0; run < 3; run++) {
    const stats = openStats()
    const row = makeRow()
    await insert([row])
    now += 10
    stats.count([row])
    await stats.stop()
  }
  expect(await counts()).toEqual([[0, 'one', 'ok', 3]])
})

test('what a crash lost is counted again from the log at the next start, of this process only', async () => {
  const lost = [
    makeRow({ time: start - 5 * minuteMs }),
    makeRow(wrong),
    makeRow({ ...wrong, count: 7 }),
    makeRow({ node: 'two' }),
  ]
  for (const row of lost) await insert([row])
  now += 1_000
  const stats = openStats()
  stats.count([makeRow()])
  await stats.stop()
  expect(await counts()).toEqual([
    [-5, 'one', 'ok', 1],
    [0, 'one', 'ok', 1],
    [0, 'one', 'wrong_password', 8],
  ])
})

test('a write that fails keeps its counts, warns once, and is done again', async () => {
  let broken = true
  const warnings: string[] = []
  const db = host.services.db.withPlugin({
    transformQuery({ node }) {
      if (broken) throw new Error('the database is away')
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const stats = openStats('one', { db, log: { warn: (_: object, text: string) => warnings.push(text) } })
  stats.count([makeRow()])
  await vi.waitFor(() => expect(warnings).toHaveLength(1), 10_000)
  stats.count([makeRow()])
  broken = false
  await vi.waitFor(async () => expect(await counts()).toEqual([[0, 'one', 'ok', 2]]), 10_000)
  expect(warnings).toHaveLength(1)
})

test('a write whose answer was lost is not counted twice', async () => {
  let lose = true
  const db = host.services.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      const wrote = result.numAffectedRows === 1n && lose
      if (wrote) {
        lose = false
        throw new Error('the connection broke')
      }
      return result
    },
  })
  const stats = openStats('one', { db })
  stats.count([makeRow(), makeRow()])
  await vi.waitFor(() => expect(lose).toBe(false), 10_000)
  await stats.stop()
  expect(await counts()).toEqual([[0, 'one', 'ok', 2]])
})

test('while the database is away for long, the newest minutes are kept, and counted from the log then', async () => {
  const stats = openStats()
  const rows = Array.from({ length: 500 }, (_, i) => makeRow({ time: start + i * minuteMs }))
  await insert(rows)
  for (const row of rows) stats.count([row])
  now = start + 500 * minuteMs
  await stats.stop()
  const minutes = (await counts()).map(([minute]) => minute)
  expect(minutes).toEqual(Array.from({ length: 120 }, (_, i) => 380 + i))
  expect((await counts()).every(([, , , count]) => count === 1)).toBe(true)
})

test('minutes of rows that come late are counted again from the log, for each process, once they are over', async () => {
  const stats = openStats()
  stats.count([makeRow()])
  const rows = [makeRow({ node: 'gone' }), makeRow(), makeRow({ time: start + 5 * minuteMs })]
  await insert(rows)
  stats.recount(rows)
  now = start + 6 * minuteMs
  await stats.stop()
  const live = await readStats()
  expect(live.map(({ node, count }) => [node, count])).toEqual([
    ['gone', 1],
    ['one', 1],
  ])
})

test('the audit counts each attempt, those of a banned address too, and the log says the same', async () => {
  const stats = openStats()
  const trail = createAuditTrail({ db: host.services.db, stats })
  const banned = { result: 'failed', reason: 'banned' } as const
  const patience = 20_000
  await trail.append(makeRow(), patience)
  for (const protocol of ['imap', 'smtp', 'imap'])
    await trail.appendFolded(makeRow({ ...banned, protocol }), patience, '192.0.2.0/24')
  await Promise.all(
    Array.from({ length: 20 }, () => trail.appendFolded(makeRow({ ...banned }), patience, '192.0.2.0/24')),
  )
  await stats.stop()
  const live = await readStats()
  expect(live.map(({ protocol, count }) => [protocol, count])).toEqual(
    expect.arrayContaining([
      ['imap', 1],
      ['imap', 22],
      ['smtp', 1],
    ]),
  )
  now += 5 * minuteMs
  await rebuildAll()
  expect(await readStats()).toEqual(live)
})

test('users are active for 15 minutes after a success, and written once a minute', async () => {
  const stats = openStats()
  stats.count([makeRow(), makeRow({ time: start + 30_000 }), makeRow({ user: 'jane', ...wrong })])
  stats.count([makeRow({ user: 'jack', time: start + 5 * minuteMs })])
  await stats.stop()
  const { db } = host.services
  const written = await db.selectFrom('active_users').selectAll().orderBy('user').execute()
  expect(written.map(({ user, last_success_at }) => [user, last_success_at - start])).toEqual([
    ['jack', 5 * minuteMs],
    ['joe@example.com', 30_000],
  ])
  expect(await countActiveUsers(db, start + 10 * minuteMs)).toBe(2)
  expect(await countActiveUsers(db, start + 16 * minuteMs)).toBe(1)
  expect(await countActiveUsers(db, start + 20 * minuteMs)).toBe(0)
})

async function rebuildAll(since?: number): Promise<number> {
  let attempts = 0
  for (let next: number | null | undefined = since; next !== null; ) {
    const step: Awaited<ReturnType<typeof rebuildStats>> = await rebuildStats(services(), { since: next })
    attempts += step.attempts
    next = step.next
  }
  return attempts
}

test('hours and days are sums over minutes and processes, and summing up again changes nothing', async () => {
  for (const node of ['one', 'two']) {
    const stats = openStats(node)
    const rows = [
      makeRow({ node }),
      makeRow({ node, time: start + minuteMs, duration_ms: 30 }),
      makeRow({ node, time: start - 3 * hourMs }),
      makeRow({ node, time: start - dayMs }),
    ]
    await insert(rows)
    stats.count(rows)
    await stats.stop()
  }
  await rollUpRecent(services())
  const rolledUp = await readRollUps()
  const hour = start - 30 * minuteMs
  const day = Date.UTC(2026, 10, 24)
  expect(rolledUp.map(({ span, start, count }) => [span, start, count])).toEqual([
    ['day', day - dayMs, 2],
    ['day', day, 6],
    ['hour', hour - dayMs, 2],
    ['hour', hour - 3 * hourMs, 2],
    ['hour', hour, 4],
  ])
  expect(rolledUp.at(-1)).toMatchObject({ ms_5: 2, ms_50: 2, duration_sum_ms: 66 })
  await rollUpRecent(services())
  expect(await readRollUps()).toEqual(rolledUp)
})

test('minutes that are written late, after their hour was summed up, are in the sums', async () => {
  const first = openStats()
  first.count([makeRow()])
  await first.stop()
  await rollUpRecent(services())
  now += 5 * hourMs
  const later = openStats('two')
  const rows = [makeRow({ time: start, node: 'two' }), makeRow({ node: 'two' })]
  await insert(rows)
  later.count(rows)
  await later.stop()
  const hours = (await readRollUps()).filter(({ span }) => span === 'hour')
  expect(hours.map(({ count }) => count)).toEqual([2])
  await rollUpRecent(services())
  expect((await readRollUps()).map(({ span, count }) => [span, count])).toEqual([
    ['day', 3],
    ['hour', 2],
    ['hour', 1],
  ])
})

test('rebuild counts the whole log again, also what was counted wrongly, and twice is as once', async () => {
  const rows = Array.from({ length: 300 }, (_, i) =>
    makeRow({ time: start - i * 17 * minuteMs, ...(i % 3 === 0 && wrong), duration_ms: i }),
  )
  await insert(rows)
  const { db } = host.services
  const zero = {
    duration_sum_ms: 0,
    ms_1: 0,
    ms_2: 0,
    ms_5: 0,
    ms_10: 0,
    ms_20: 0,
    ms_50: 0,
    ms_100: 0,
    ms_200: 0,
    ms_500: 0,
    ms_1000: 0,
    ms_2000: 0,
    ms_5000: 0,
    ms_more: 0,
  }
  const nonsense = {
    minute: start - hourMs,
    node: 'gone',
    protocol: 'imap',
    result: 'success',
    reason: 'ok',
    count: 1_000,
    ...zero,
  }
  await db.insertInto('auth_stats').values(nonsense).execute()
  now += 10 * minuteMs
  expect(await rebuildAll()).toBe(300)
  const days = (await readRollUps()).filter(({ span }) => span === 'day')
  expect(days.reduce((sum, { count }) => sum + count, 0)).toBe(300)
  expect(days.reduce((sum, { duration_sum_ms }) => sum + duration_sum_ms, 0)).toBe((299 * 300) / 2)
  const all = [await readStats(), await readRollUps()]
  expect(await rebuildAll()).toBe(300)
  expect([await readStats(), await readRollUps()]).toEqual(all)
})

test('rebuild leaves alone what is still being counted and what retention has cut into', async () => {
  const retention = 10 * dayMs
  const log = host.services.settings.log
  host.services.settings = { ...host.services.settings, log: { ...log, retention } }
  await insert([
    makeRow({ time: start - retention + 40 * minuteMs }),
    makeRow({ time: start - dayMs }),
    makeRow(),
  ])
  now += 30_000
  expect(await rebuildAll()).toBe(2)
  expect(await rebuildAll(now - hourMs)).toBe(0)
  expect(await counts()).toEqual([[-1440, 'one', 'ok', 1]])
})

test('rebuild beside a process that counts: nothing is lost, nothing is twice', async () => {
  const stats = openStats()
  const trail = createAuditTrail({ db: host.services.db, stats })
  for (let i = 0; i < 300; i++) {
    now += 1_000
    await Promise.all([trail.append(makeRow(), 20_000), trail.append(makeRow(wrong), 20_000)])
    if (i % 20 === 0) await rebuildAll(start)
  }
  await stats.stop()
  now += 5 * minuteMs
  await rollUpRecent(services())
  const before = [await readStats(), await readRollUps()] as const
  expect(before[1].filter(({ span }) => span === 'day').map(({ count }) => count)).toEqual([300, 300])
  await rebuildAll()
  expect([await readStats(), await readRollUps()]).toEqual(before)
})
