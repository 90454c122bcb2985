import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { operations } from '../../functions/index.ts'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import { insertAttempts, someAttempt } from '../../infra/e2e/auth-log.ts'
import { watchPlans } from '../../infra/e2e/plans.ts'
import { countAnswer, countAuthLog } from '../../lib/audit/count.ts'
import { rebuildStats } from '../../lib/audit/rebuild.ts'
import { logPage, searchAuthLog } from '../../lib/audit/search.ts'
import { dayMs, hourMs, minuteMs } from '../../lib/audit/times.ts'
import type { AuthLogRow } from '../../lib/database/schema.ts'
import { createApi } from '../../lib/http/api.ts'
import { newId } from '../../lib/id.ts'
import { explainedAttempt } from '../../lib/login/explain-row.ts'
import { lockKey } from '../../lib/login/guessing.ts'
import { chinese } from '../../lib/login/reason-texts.ts'
import { reasons } from '../../lib/login/reasons.ts'
import { operationPage, searchOperations } from '../../lib/operation/search.ts'
import type { Services } from '../../lib/runtime/services.ts'

let api: Api
const now = Math.floor(Date.now() / minuteMs) * minuteMs - 10 * minuteMs
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api?.close())

const makeRow = (ago: number, more: Partial<AuthLogRow> = {}): AuthLogRow => ({
  ...someAttempt,
  request_id: newId(),
  time: now - ago,
  client_network: '192.0.2.0/24',
  backend: 'mail.example.com:143',
  duration_ms: 4,
  tls: 'TLSv1.3',
  counters: '',
  node: 'test',
  count: 1,
  ...more,
})
const wrong = { result: 'failed', reason: 'wrong_password', backend: null } as const

async function fill(rows: AuthLogRow[]): Promise<void> {
  await api.services.db.deleteFrom('auth_log').execute()
  await insertAttempts(api.services.db, rows)
}

const get = (path: string) => api.ask(`GET ${path}`, 'auditor')
/** As a host that streams answers. */
const stream = async (path: string, own: Partial<Services>) =>
  createApi<Services>({ ...api.services, ...own }, operations).request(path, {
    headers: { Authorization: `Bearer ${await api.tokenOf('auditor')}` },
  })

describe('search', () => {
  beforeAll(() =>
    fill([
      makeRow(1 * minuteMs, { request_id: 'a' }),
      makeRow(2 * minuteMs, { request_id: 'b', ...wrong, counters: 'user 1/5' }),
      makeRow(3 * minuteMs, { request_id: 'c', ...wrong, reason: 'locked', user: '=cmd|🙂‮%_"\'' }),
      makeRow(4 * minuteMs, { request_id: 'd', ...wrong, protocol: 'smtp', method: 'login' }),
    ]),
  )

  test.each([
    ['', 'abcd'],
    ['?result=failed', 'bcd'],
    ['?reason=locked,ok', 'ac'],
    ['?reason=locked&reason=wrong_password', 'bcd'],
    ['?method=login', 'd'],
    ['?text=%25_', 'c'],
    ['?text=JOE@', 'abd'],
    ['?text=%25', 'c'],
    ['?user=joe@example.com&address=192.0.2.0/24&protocol=smtp', 'd'],
    ['?backend=mail.example.com:143', 'a'],
    ['?user=nobody', ''],
  ])('%s', async (query, ids) => {
    const { status, body } = await get(`/api/auth-log${query}`)
    expect(status).toBe(200)
    logPage.parse(body)
    expect(body.items.map((row: AuthLogRow) => row.request_id).join('')).toBe(ids)
    expect([body.next, body.searched_to]).toEqual([null, null])
  })

  test('pages', async () => {
    const first = await get('/api/auth-log?limit=3')
    const second = await get(`/api/auth-log?limit=3&after=${first.body.next}`)
    expect([first.body.items.length, second.body.items.length, second.body.next]).toEqual([3, 1, null])
  })

  test('strange text comes back as it was', async () => {
    const { body } = await get('/api/auth-log?reason=locked')
    expect(body.items[0].user).toBe('=cmd|🙂‮%_"\'')
  })

  test.each([
    ['?limit=1001', 'limit'],
    ['?since=yesterday', 'since'],
    ['?since=-1', 'since'],
    ['?address=10.0.0.0/8', 'address'],
    ['?after=x', 'after'],
    ['?protocol=imaps', 'protocol'],
    ['?what=1', 'what'],
    ['/counts?tz=Mars/Olympus', 'tz'],
    ['/counts?step=week', 'step'],
    ['/export?format=xml', 'format'],
  ])('refuses %s', async (query, field) => {
    const { status, body } = await get(`/api/auth-log${query}`)
    expect([status, body.errors[0].field]).toEqual([400, field])
  })
})

test('a search that no index leads stops, says how far it came, and goes on', async () => {
  const rows = Array.from({ length: 12_000 }, (_, i) =>
    makeRow(minuteMs + i, i === 11_500 ? { method: 'login' } : {}),
  )
  await fill(rows)
  const first = await get('/api/auth-log?method=login')
  expect(first.body).toMatchObject({ items: [], searched_to: expect.any(Number), next: expect.any(String) })
  expect(first.body.searched_to).toBeGreaterThan(rows[11_500]!.time)
  const second = await get(`/api/auth-log?method=login&after=${first.body.next}`)
  expect(second.body).toMatchObject({ items: [{ method: 'login' }], searched_to: null, next: null })
  const counts = await get('/api/auth-log/counts?text=nothing')
  expect(counts.body).toMatchObject({ total: 0, partial: false })
})

describe('counts', () => {
  const rows = Array.from({ length: 300 }, (_, i) =>
    makeRow(i * 10 * minuteMs + minuteMs, {
      ...(i % 3 === 0 ? wrong : {}),
      count: i % 50 === 0 ? 3 : 1,
      user: i % 2 === 0 ? 'joe@example.com' : 'jane@example.com',
    }),
  )
  beforeAll(async () => {
    await fill(rows)
    for (let next: number | null | undefined; next !== null; )
      next = (await rebuildStats(api.services, { since: next })).next
  })
  const sum = (found: AuthLogRow[]) => found.reduce((all, { count }) => all + count!, 0)

  test.each([
    ['from roll-ups', '', () => true],
    ['of one result', '&result=failed', (row: AuthLogRow) => row.result === 'failed'],
    ['of one user', '&user=joe@example.com', (row: AuthLogRow) => row.user === 'joe@example.com'],
    ['of a text', '&text=jane', (row: AuthLogRow) => row.user === 'jane@example.com'],
  ])('%s', async (_, query, holds) => {
    for (const [step, tz] of [
      ['minute', 'UTC'],
      ['hour', 'UTC'],
      ['day', 'Asia/Shanghai'],
      ['day', 'Asia/Kathmandu'],
    ]) {
      const since = now - (step === 'minute' ? 20 * hourMs : 2 * dayMs)
      const { status, body } = await get(`/api/auth-log/counts?step=${step}&tz=${tz}&since=${since}${query}`)
      expect(status).toBe(200)
      countAnswer.parse(body)
      const inSteps = rows.filter(row => row.time >= body.since && row.time < body.until && holds(row))
      expect([step, tz, body.total, body.partial]).toEqual([step, tz, sum(inSteps), false])
      for (const [i, { start, count }] of body.steps.entries()) {
        const end = body.steps[i + 1]?.start ?? body.until
        expect(count).toBe(sum(inSteps.filter(({ time }) => time >= start && time < end)))
      }
    }
  })

  test('a filter with too many rows is counted in part, from the newest on', async () => {
    await fill(Array.from({ length: 23_000 }, (_, i) => makeRow(minuteMs + i * 2_000)))
    const { body } = await get('/api/auth-log/counts?user=joe@example.com')
    expect([body.partial, body.total >= 20_000, body.total < 22_500]).toEqual([true, true, true])
    expect(body.counted_from).toBeGreaterThan(now - minuteMs - 23_000 * 2_000)
  })
})

describe('one attempt explained', () => {
  beforeAll(async () => {
    await fill([
      makeRow(0, { request_id: 'counted', ...wrong, counters: 'user 5/5, users tried 2/10' }),
      makeRow(0, { request_id: 'banned', ...wrong, reason: 'banned', client_address: '198.51.100.9' }),
      makeRow(0, { request_id: 'strange', ...wrong, reason: 'of_a_later_version' }),
    ])
    await api.services.db
      .insertInto('ip_blacklist')
      .values({
        id: newId(),
        cidr: '198.51.100.0/24',
        event_type: 'manual',
        note: 'test',
        author: 'joe',
        starts_at: now - hourMs,
        ends_at: null,
        evidence: null,
        level: 0,
        version: 1,
      })
      .execute()
  })

  test('a wrong password: counters, settings, the lock that holds now, and the command', async () => {
    const until = Date.now() + hourMs
    const lock = {
      op: 'write',
      key: lockKey('joe@example.com'),
      value: `${until}`,
      ttlMs: hourMs,
    } as const
    await api.services.hot.apply([lock])
    const { body } = await get('/api/auth-log/counted')
    explainedAttempt.parse(body)
    expect(body).toMatchObject({
      kind: 'refuse',
      meaning: { en: 'the password is wrong', zh: '密码错误' },
      counters: [
        { counter: 'user', count: 5, limit: 5 },
        { counter: 'users tried', count: 2, limit: 10 },
      ],
      locks_now: { strangers_until: until, network_until: null, shut: null },
      command: 'mailgateway user set-password joe@example.com',
    })
    expect(body.settings).toContainEqual({ name: 'auth.fail_ttl', value: '1m' })
    await api.services.hot.apply([{ op: 'remove', key: lock.key }])
  })

  test('a ban', async () => {
    const { body } = await get('/api/auth-log/banned')
    expect(body).toMatchObject({
      bans: [{ cidr: '198.51.100.0/24', in_force: true, author: 'joe' }],
      command: 'mailgateway ban remove 198.51.100.0/24',
      remedy: { zh: '解除封禁：mailgateway ban remove 198.51.100.0/24' },
    })
  })

  test('a reason of another version, and a row that is not there', async () => {
    expect((await get('/api/auth-log/strange')).body).toMatchObject({
      kind: null,
      meaning: { en: 'of_a_later_version', zh: 'of_a_later_version' },
      command: null,
    })
    const { status, body } = await get('/api/auth-log/gone')
    expect([status, body.errors[0].field]).toEqual([404, 'request_id'])
  })

  test('a remedy is the same command in both languages', () => {
    for (const [reason, { remedy }] of Object.entries(reasons)) {
      const command = /mailgateway ([a-z -]+ (NAME|BAN)|doctor|backend list)/.exec(remedy)?.[0] ?? ''
      expect(chinese[reason as keyof typeof chinese].remedy, reason).toContain(command)
    }
  })
})

describe('export', () => {
  const rows = Array.from({ length: 25_000 }, (_, i) =>
    makeRow(minuteMs + i, i % 5_000 === 0 ? { user: '=1+1' } : {}),
  )
  beforeAll(() => fill(rows))

  test('in parts of at most 4 MB, which make one file', async () => {
    let text = ''
    let parts = 0
    for (let path: string | null = '/api/auth-log/export?format=csv'; path !== null; parts++) {
      const { status, headers, body } = await get(path)
      expect([status, headers.get('Content-Type')]).toEqual([200, 'text/csv; charset=utf-8'])
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4_000_200)
      text += body
      const [, link] = /^<(.*)>; rel="next"$/.exec(headers.get('Link') ?? '') ?? []
      expect(link === undefined).toBe(headers.get('X-Next') === null)
      path = link ?? null
    }
    const lines = text.trimEnd().split('\r\n')
    expect([lines.length, parts]).toEqual([25_001, 2])
    expect(new Set(lines.map(line => line.split(',').at(-1))).size).toBe(25_001)
    expect(lines.filter(line => line.includes(',"\'=1+1",'))).toHaveLength(5)
  })

  test('whole where the host streams', async () => {
    const response = await stream('/api/auth-log/export?format=ndjson', { stopping: AbortSignal.any([]) })
    expect(response.headers.get('X-Next')).toBeNull()
    const lines = (await response.text()).trimEnd().split('\n')
    expect(lines).toHaveLength(25_000)
    expect(JSON.parse(lines[0]!)).toMatchObject({ request_id: rows[0]!.request_id })
  })

  test('whoever goes ends the reading, and a host that stops cuts it off', async () => {
    const stopping = new AbortController()
    const own = { stopping: stopping.signal }
    const ask = async () => (await stream('/api/auth-log/export', own)).body!.getReader()
    const first = await ask()
    await first.read()
    await first.cancel()
    const second = await ask()
    await second.read()
    stopping.abort()
    await expect(second.read()).rejects.toThrow('the gateway stops')
  })

  test('nothing found is a head', async () => {
    expect((await get('/api/auth-log/export?user=nobody')).body).toMatch(/^time,user,.*\r\n$/)
    expect((await get('/api/auth-log/export?user=nobody&format=ndjson')).body).toBe('')
  })
})

describe('operation log', () => {
  beforeAll(async () => {
    await api.services.db.deleteFrom('operation_log').execute()
    const rows = Array.from({ length: 3_000 }, (_, i) => ({
      id: newId(),
      time: now - i * minuteMs,
      actor: i % 2 === 0 ? 'ada' : 'command line',
      action: i % 3 === 0 ? 'user set' : 'ban add',
      target: `target${i % 100}`,
      result: i % 10 === 0 ? ('failed' as const) : ('success' as const),
      client_address: '',
      detail: JSON.stringify(i % 10 === 0 ? { code: 'conflict', message: 'x' } : { before: null, after: {} }),
    }))
    for (let i = 0; i < rows.length; i += 500)
      await api.services.db
        .insertInto('operation_log')
        .values(rows.slice(i, i + 500))
        .execute()
  })

  test.each([
    ['', 3_000],
    ['&actor=ada', 1_500],
    ['&action=user%20set', 1_000],
    ['&target=target7', 30],
    ['&result=failed', 300],
    ['&actor=ada&result=failed&target=target10', 30],
    ['&text=CONFLICT', 300],
    ['&text=%25', 0],
  ])('%s', async (query, count) => {
    let found = 0
    for (let after = ''; ; ) {
      const { status, body } = await get(`/api/operation-log?limit=400${query}${after}`)
      expect(status).toBe(200)
      operationPage.parse(body)
      found += body.items.length
      if (body.next === null) break
      after = `&after=${body.next}`
    }
    expect(found).toBe(count)
  })

  test('as a file', async () => {
    const { body } = await get('/api/operation-log/export?target=target7')
    expect(body.trimEnd().split('\r\n')).toHaveLength(31)
    expect(body).toContain('"{""before"":null,""after"":{}}"')
  })

  test('no search without an index', async () => {
    const { db, faults } = watchPlans(api.services.logDb)
    // MariaDB reads a small table whole sooner than its newest rows by an index.
    const all = inject('database') === 'sqlite' ? [{}] : []
    for (const query of [...all, { actor: 'ada' }, { action: 'ban add' }, { target: 'target1' }])
      for (const since of [undefined, now - dayMs])
        await searchOperations({ logDb: db }, { ...query, since, limit: 5 })
    expect(await faults(['operation_log'])).toEqual([])
  })
})

test('no search, count or explanation of the auth log without an index', async () => {
  await fill(
    Array.from({ length: 4_000 }, (_, i) =>
      makeRow(i * minuteMs, {
        ...(i % 3 === 0 ? wrong : {}),
        user: `user${i % 200}`,
        client_address: `198.51.${i % 100}.1`,
        client_network: `198.51.${i % 100}.0/24`,
        protocol: ['imap', 'pop3', 'smtp'][i % 3]!,
      }),
    ),
  )
  const { db: logDb, faults } = watchPlans(api.services.logDb)
  const services = { ...api.services, logDb }
  const queries = [
    {},
    { user: 'user7' },
    { address: '198.51.7.1' },
    { address: '198.51.7.0/24' },
    { address: '198.51.0.0/18' },
    { user: 'user7', address: '198.51.7.0/24' },
    { protocol: 'smtp' },
    { result: 'failed' },
    { reason: ['wrong_password', 'locked'] },
    { backend: 'mail.example.com:143' },
  ]
  // MariaDB reads a small table whole sooner than a good part of it by an index.
  const readsMuch = [{ method: 'login' }, { text: 'user19' }]
  const isSqlite = inject('database') === 'sqlite'
  for (const query of [...queries, ...(isSqlite ? readsMuch : [])]) {
    for (const since of [undefined, now - dayMs]) {
      const { next } = await searchAuthLog(services, { ...query, since, limit: 5 })
      if (next) await searchAuthLog(services, { ...query, since, limit: 5, after: next })
    }
    if (isSqlite || 'user' in query) await countAuthLog(services, query)
  }
  expect(await faults(['auth_log', 'auth_stats', 'auth_rollups'])).toEqual([])
})
