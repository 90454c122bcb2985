import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { operations } from '../../functions/index.ts'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import { insertAttempts, someAttempt } from '../../infra/e2e/auth-log.ts'
import { watchPlans } from '../../infra/e2e/plans.ts'
import { signAccessToken } from '../../lib/admin/tokens.ts'
import { emptySums } from '../../lib/audit/histogram.ts'
import { rebuildStats } from '../../lib/audit/rebuild.ts'
import { dayMs, hourMs, minuteMs } from '../../lib/audit/times.ts'
import type { AuthLogRow } from '../../lib/database/schema.ts'
import { createApi } from '../../lib/http/api.ts'
import { newId } from '../../lib/id.ts'
import { lockKey } from '../../lib/login/guessing.ts'
import { noteLocked } from '../../lib/login/locked-names.ts'
import { pause } from '../../lib/pause.ts'
import { createAdminPlane } from '../../lib/runtime/admin-plane.ts'
import { closeGracefully, listen } from '../../lib/runtime/listen.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { inFlightKey } from '../../lib/stats/in-flight.ts'
import { createLive } from '../../lib/stats/live.ts'
import type { Now } from '../../lib/stats/now.ts'
import { overview, readOverview } from '../../lib/stats/overview.ts'
import { readSeries, series } from '../../lib/stats/series.ts'

let api: Api
let services: Services
/** 25 hours long in Berlin. */
const now = Date.parse('2026-10-25T20:17:30Z')
beforeAll(async () => {
  api = await openApi()
  services = { ...api.services, clock: () => now }
})
afterAll(() => api?.close())

const makeRow = (time: number, more: Partial<AuthLogRow> = {}): AuthLogRow => ({
  ...someAttempt,
  request_id: newId(),
  time,
  client_network: '192.0.2.0/24',
  duration_ms: 4,
  counters: '',
  node: 'test',
  count: 1,
  ...more,
})
const kinds: Partial<AuthLogRow>[] = [
  {},
  { protocol: 'smtp' },
  { result: 'failed', reason: 'wrong_password' },
  { result: 'failed', reason: 'no_backend' },
]
/** One attempt every seven minutes for twelve days. */
const rows = Array.from({ length: (12 * dayMs) / (7 * minuteMs) }, (_, i) =>
  makeRow(now - minuteMs * 3 - i * 7 * minuteMs, kinds[i % kinds.length]),
)

beforeAll(async () => {
  await insertAttempts(services.db, rows)
  for (let next: number | null | undefined; next !== null; )
    next = (await rebuildStats(services, { since: next })).next
})

const within = (from: number, until: number) => rows.filter(({ time }) => time >= from && time < until)

describe('overview', () => {
  test.each([
    ['UTC', '2026-10-25T00:00:00Z', '2026-10-24T00:00:00Z'],
    ['Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-23T22:00:00Z'],
    ['Asia/Shanghai', '2026-10-25T16:00:00Z', '2026-10-24T16:00:00Z'],
    ['Asia/Kolkata', '2026-10-25T18:30:00Z', '2026-10-24T18:30:00Z'],
    ['Asia/Kathmandu', '2026-10-25T18:15:00Z', '2026-10-24T18:15:00Z'],
  ])('today and yesterday of %s are exact', async (tz, today, yesterday) => {
    const found = overview.parse(await readOverview(services, { tz }))
    const [start, before] = [Date.parse(today), Date.parse(yesterday)]
    expect([found.today.since, found.yesterday.since, found.yesterday.until]).toEqual([start, before, start])
    const [ours, earlier] = [within(start, now), within(before, start)]
    expect([found.today.total, found.yesterday.total]).toEqual([ours.length, earlier.length])
    const failed = ours.filter(({ result }) => result === 'failed').length
    const broken = ours.filter(({ reason }) => reason === 'no_backend').length
    expect(found.today).toMatchObject({ success: ours.length - failed, failed })
    expect(found.today.success_rate).toBeCloseTo(1 - failed / ours.length)
    expect(found.today.error_rate).toBeCloseTo(broken / ours.length)
    expect(found.by_protocol.reduce((sum, { total }) => sum + total, 0)).toBe(ours.length)
    expect(found.reasons.reduce((sum, { count }) => sum + count, 0)).toBe(ours.length)
    expect(found.today.response_time.avg).toBe(4)
  })

  test('locked mailboxes, bans and backends', async () => {
    const before = await readOverview(services, {})
    expect(before).toMatchObject({ locked_users: 0, bans: 0, backends: { up: 0, total: 0 } })
    const users = ['locked@x.example', 'free@x.example']
    for (const name of users)
      expect((await api.ask('POST /api/users', 'operator', { name, password: 'correct horse' })).status).toBe(
        201,
      )
    for (const user of users) await noteLocked(services.db, user, now + hourMs)
    const lock = lockKey('locked@x.example')
    await services.hot.apply([{ op: 'write', key: lock, value: `${now + hourMs}`, ttlMs: hourMs }])
    const ban = {
      event_type: 'manual' as const,
      note: '',
      author: 'ada',
      evidence: null,
      level: 0,
      version: 1,
    }
    const ends = [null, now + 1, now - 1]
    await services.db
      .insertInto('ip_blacklist')
      .values(
        ends.map((ends_at, i) => ({
          ...ban,
          id: newId(),
          cidr: `198.51.100.${i}/32`,
          starts_at: now - hourMs,
          ends_at,
        })),
      )
      .execute()
    const backend = { protocol: 'imap' as const, port: 143, weight: 1, tier: 0, domain: null, pool: null }
    await services.db
      .insertInto('backends')
      .values(
        (['active', 'off'] as const).map((state, i) => ({
          ...backend,
          id: newId(),
          host: `192.0.2.${i}`,
          state,
          created_at: now,
          updated_at: now,
        })),
      )
      .execute()
    expect(await readOverview(services, {})).toMatchObject({
      locked_users: 1,
      bans: 2,
      // Nobody checks here.
      backends: { up: null, total: 1 },
    })
    await services.db.deleteFrom('auth_log').where('user', 'like', '%@x.example').execute()
  })

  test('is answered over the API, and refuses what is no zone', async () => {
    const { status, body } = await api.ask('GET /api/stats/overview?tz=Asia/Shanghai', 'auditor')
    expect(status).toBe(200)
    overview.parse(body)
    const refused = await api.ask('GET /api/stats/overview?tz=Mars', 'auditor')
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'tz'])
  })
})

describe('series', () => {
  test.each([
    ['minute', 'UTC', 20 * hourMs],
    ['hour', 'UTC', 3 * dayMs],
    ['hour', 'Asia/Kolkata', 3 * dayMs],
    ['hour', 'UTC', 10 * dayMs],
    ['day', 'UTC', 10 * dayMs],
    ['day', 'Europe/Berlin', 10 * dayMs],
    ['day', 'Asia/Shanghai', 10 * dayMs],
    ['day', 'Asia/Kathmandu', 5 * dayMs],
  ] as const)('by the %s in %s over %d ms: every step is exact', async (step, tz, range) => {
    for (const by of ['result', 'protocol', 'reason'] as const) {
      const found = series.parse(await readSeries(services, { since: now - range, step, tz, by }))
      for (const [i, { start, total, counts, response_time }] of found.points.entries()) {
        const own = within(start, found.points[i + 1]?.start ?? found.until)
        expect([step, tz, start, total]).toEqual([step, tz, start, own.length])
        for (const value of found.values)
          expect(counts[value]).toBe(own.filter(row => row[by] === value).length)
        const times = own.map(({ duration_ms }) => duration_ms)
        const mean = times.length === 0 ? null : times.reduce((sum, ms) => sum + ms) / times.length
        expect(response_time.avg).toBe(mean)
      }
    }
  })

  test('older days of a zone with half hours: each hour of UTC in one of them', async () => {
    const found = await readSeries(services, { since: now - 11 * dayMs, step: 'day', tz: 'Asia/Kolkata' })
    const total = found.points.reduce((sum, point) => sum + point.total, 0)
    const exact = within(found.since, found.until).length
    // The hour that the first step begins in the middle of is left out.
    expect(exact - total).toBeLessThanOrEqual(5)
    expect(total).toBeLessThanOrEqual(exact)
  })

  test('how long it took, step by step: as within the buckets that are counted', async () => {
    const start = Math.floor(now / hourMs) * hourMs - 20 * dayMs
    const sums = { ...emptySums(), count: 1, duration_sum_ms: 150, ms_200: 1 }
    const row = { span: 'hour' as const, start, protocol: 'imap', result: 'success', reason: 'ok', ...sums }
    await services.db.insertInto('auth_rollups').values(row).execute()
    const { points } = await readSeries(services, { since: start, until: start + 1, step: 'hour' })
    expect(points).toMatchObject([{ total: 1, response_time: { avg: 150, p50: 150, p95: 195, p99: 199 } }])
    await services.db.deleteFrom('auth_rollups').where('start', '=', start).execute()
  })

  test('steps without attempts are there, as zero', async () => {
    const found = await readSeries(services, {
      since: now - 40 * dayMs,
      until: now - 30 * dayMs,
      step: 'day',
    })
    expect(found.points.map(({ total }) => total)).toEqual(Array(11).fill(0))
    const none = { avg: null, p50: null, p95: null, p99: null }
    expect(found.points[0]!.response_time).toEqual(none)
  })

  test('minutes of before are refused, and named', async () => {
    await expect(
      readSeries(services, { since: now - 9 * dayMs, until: now - 8.5 * dayMs, step: 'minute' }),
    ).rejects.toMatchObject({ field: 'step' })
    const { status, body } = await api.ask('GET /api/stats/series?step=minute&since=0', 'auditor')
    expect([status, body.errors[0].field]).toEqual([400, 'step'])
  })

  test('nothing of it without an index', async () => {
    const { db: logDb, faults } = watchPlans(services.logDb)
    await readOverview({ ...services, logDb }, { tz: 'Asia/Kolkata' })
    await readSeries({ ...services, logDb }, { since: now - 3 * dayMs, step: 'day' })
    await createLive({ ...services, logDb }).read()
    expect(await faults(['auth_log', 'auth_stats', 'auth_rollups', 'auth_tops'])).toEqual([])
  })
})

describe('now', () => {
  let time = now
  const clock = () => time
  const count = async (count: number, at = time) => {
    const row = {
      ...(await services.db.selectFrom('auth_stats').selectAll().limit(1).executeTakeFirstOrThrow()),
      minute: Math.floor(at / minuteMs) * minuteMs,
      node: 'live',
      result: 'success',
      count,
      ms_5: count,
    }
    await services.db.replaceInto('auth_stats').values(row).execute()
  }
  beforeEach(() => {
    time = Math.floor((time + hourMs) / minuteMs) * minuteMs + 30_000
    vi.spyOn(performance, 'now').mockImplementation(() => time)
    return () => vi.restoreAllMocks()
  })

  test('of ten seconds, over the turn of a minute too; before, of the last minutes', async () => {
    const live = createLive({ ...services, clock })
    await count(60)
    expect(await live.read()).toMatchObject({ window: 90_000, success: 60, failed: 0, qps: 0.667 })
    time += 25_000
    await count(100)
    await live.read()
    time += 6_000
    await count(130, time - minuteMs)
    await count(12)
    expect(await live.read()).toMatchObject({ window: 6_000, success: 42, qps: 7, in_flight: null })
  })

  test('is read once however many look, and tells what is in flight in every process', async () => {
    const { db: logDb, faults } = watchPlans(services.logDb)
    await count(1)
    await services.hot.apply([{ op: 'write', key: inFlightKey('live'), value: '3', ttlMs: minuteMs }])
    const live = createLive({ ...services, logDb, clock })
    const seen = await Promise.all(Array.from({ length: 50 }, () => live.read()))
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]!.in_flight).toBe(3)
    expect(await faults([])).toEqual([])
  })
})

describe('live', () => {
  const watch = async (token: string, stopping: AbortSignal) => {
    const app = createApi<Services>({ ...api.services, stopping }, operations)
    const response = await app.request('/api/stats/live', { headers: { Authorization: `Bearer ${token}` } })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    return { response, reader }
  }
  const end = async (reader: ReadableStreamDefaultReader<string>) => {
    while (!(await reader.read()).done);
  }

  test('an event a second, until the host stops', async () => {
    const stopping = new AbortController()
    const { response, reader } = await watch(await api.tokenOf('auditor'), stopping.signal)
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/event-stream'])
    const { value } = await reader.read()
    const event = JSON.parse(value!.replace(/^data: /, '')) as Now
    expect(event.qps).toBeGreaterThanOrEqual(0)
    stopping.abort()
    await end(reader)
  })

  test.each([
    ['the session ends', { ends_at: 0 }],
    ['the administrator is disabled', null],
  ])('ends when %s', async (_, change) => {
    const admin = { id: newId(), username: newId(), password_hash: '', role: 'auditor' as const }
    const { db, clock } = api.services
    const stamp = { created_at: clock(), updated_at: clock() }
    await db
      .insertInto('admin')
      .values({ ...admin, enabled: 1, totp_secret: null, version: 1, ...stamp })
      .execute()
    const session = { id: newId(), admin_id: admin.id, refresh_digest: '', created_at: 1, used_at: 1 }
    await db
      .insertInto('sessions')
      .values({ ...session, ends_at: clock() + dayMs })
      .execute()
    const { token } = await signAccessToken(api.services, session)
    const { reader } = await watch(token, new AbortController().signal)
    await reader.read()
    if (change) await db.updateTable('sessions').set(change).where('id', '=', session.id).execute()
    else await db.updateTable('admin').set({ enabled: 0 }).where('id', '=', admin.id).execute()
    await end(reader)
  })

  test('over a socket: it ends when who watches goes, and holds no server that stops', async () => {
    const stopping = new AbortController()
    let reads = 0
    const live = {
      read() {
        reads += 1
        return api.services.live.read()
      },
    }
    const app = createApi<Services>({ ...api.services, live, stopping: stopping.signal }, operations)
    const server = createAdminPlane({ app, certificate: null, proxies: [], log: api.services.log })
    await listen(server, { host: '127.0.0.1', port: 0, setting: 'server' })
    const { port } = server.address() as AddressInfo
    const headers = { Authorization: `Bearer ${await api.tokenOf('auditor')}` }
    const open = async (signal?: AbortSignal) => {
      const response = await fetch(`http://127.0.0.1:${port}/api/stats/live`, { headers, signal })
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      await reader.read()
      return reader
    }
    const leaving = new AbortController()
    await open(leaving.signal)
    leaving.abort()
    await vi.waitFor(async () => {
      const before = reads
      await pause(1_500, stopping.signal)
      expect(reads).toBe(before)
    }, 20_000)
    const reader = await open()
    stopping.abort()
    await closeGracefully(server, 3_600_000)
    await end(reader)
  })

  test('says where to ask instead where nothing can be streamed', async () => {
    const { status, body } = await api.ask('GET /api/stats/live', 'auditor')
    expect([status, body.code]).toEqual([501, 'not_streamed'])
    expect((await api.ask('GET /api/stats/now', 'auditor')).status).toBe(200)
  })
})
