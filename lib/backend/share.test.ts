import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertAttempts, someAttempt } from '../../infra/e2e/auth-log.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { newId } from '../id.ts'
import { addBackend } from './manage.ts'
import { readShare } from './share.ts'

const hour = 3_600_000
const now = Date.UTC(2026, 0, 2)
let host: InProcess
let services: InProcess['services']

beforeAll(async () => {
  host = await openInProcess({}, { clock: () => now, steady: () => now })
  services = host.services
})
afterAll(() => host?.close())

async function log(host: string, count: number, from: number, until: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => ({
    ...someAttempt,
    request_id: newId(),
    time: Math.floor(from + ((until - from) * i) / count),
    client_address: '198.51.100.7',
    result: 'success' as const,
    backend: `${host}:143`,
    node: 'here',
  }))
  await insertAttempts(services.db, rows)
}

/** As the processes count what they write. */
async function countSuccesses(count: number): Promise<void> {
  const edges = [
    '1',
    '2',
    '5',
    '10',
    '20',
    '50',
    '100',
    '200',
    '500',
    '1000',
    '2000',
    '5000',
    'more',
  ] as const
  const none = Object.fromEntries(edges.map(edge => [`ms_${edge}`, 0])) as Record<
    `ms_${(typeof edges)[number]}`,
    number
  >
  const minute = { minute: now - 60_000, node: 'here', protocol: 'imap', result: 'success', reason: 'ok' }
  await services.db
    .insertInto('auth_stats')
    .values({ ...minute, ...none, count, duration_sum_ms: 0 })
    .execute()
}

const shares = async (span: string, most?: number) => {
  const { backends, estimated } = await readShare(services, { span }, most)
  return { estimated, shares: Object.fromEntries(backends.map(b => [b.host, [b.logins, b.share]])) }
}

test('without backends, and without logins, there is nothing to share', async () => {
  expect(await readShare(services, {})).toEqual({
    since: now - hour,
    until: now,
    estimated: false,
    backends: [],
  })
  for (const host of ['a.test', 'b.test', 'c.test'])
    await addBackend(services, { protocol: 'imap', host, port: 143 })
  expect((await shares('hour')).shares).toEqual({
    'a.test': [0, null],
    'b.test': [0, null],
    'c.test': [0, null],
  })
})

test('of the last hour, of the last day, and estimated where there is too much to count', async () => {
  await log('a.test', 1_500, now - hour, now)
  await log('b.test', 500, now - hour, now)
  await log('c.test', 2_000, now - 24 * hour, now - hour)
  await log('removed.test', 5, now - hour, now)
  expect(await shares('hour')).toEqual({
    estimated: false,
    shares: { 'a.test': [1_500, 0.75], 'b.test': [500, 0.25], 'c.test': [0, 0] },
  })
  expect(await shares('day')).toMatchObject({ shares: { 'c.test': [2_000, 0.5] } })
  await countSuccesses(2_005)
  const { shares: estimate, estimated } = await shares('hour', 400)
  expect(estimated).toBe(true)
  expect(estimate['a.test']![1]).toBeCloseTo(0.75, 1)
  expect(Math.abs(estimate['a.test']![0]! - 1_500)).toBeLessThan(200)
  await expect(readShare(services, { span: 'week' })).rejects.toMatchObject({ field: 'span' })
})
