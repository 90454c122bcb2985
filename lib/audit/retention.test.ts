import { afterEach, beforeEach, expect, test } from 'vitest'
import { insertAttempts, someAttempt } from '../../infra/e2e/auth-log.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { addMailbox } from '../mailbox/manage.ts'
import { emptySums } from './histogram.ts'
import { deleteOld } from './retention.ts'
import { dayMs, hourMs } from './times.ts'

const now = Date.UTC(2026, 10, 24, 12, 30)
let host: InProcess
let deleted: number[]

beforeEach(async () => {
  host = await openInProcess()
  deleted = []
})
afterEach(() => host.close())

/** Notes how many rows each DELETE takes. */
const services = (retention: number) => ({
  ...host.services,
  db: host.services.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (result.rows.length === 0) deleted.push(Number(result.numAffectedRows ?? 0))
      return result
    },
  }),
  clock: () => now,
  settings: { ...host.services.settings, log: { ...host.services.settings.log, retention } },
})
const run = (retention: number, signal = new AbortController().signal) =>
  deleteOld(services(retention), signal)

const makeRow = (i: number, ago: number): AuthLogRow => ({
  ...someAttempt,
  request_id: `row-${i}`,
  time: now - ago,
})

async function insert(rows: AuthLogRow[]): Promise<void> {
  await insertAttempts(host.services.db, rows)
}
const readAges = async () =>
  (await host.services.db.selectFrom('auth_log').select('time').orderBy('time', 'desc').execute()).map(
    ({ time }) => now - time,
  )

test('the log is deleted to the millisecond, a thousand rows at a time', async () => {
  await insert(Array.from({ length: 3_500 }, (_, i) => makeRow(i, 2 * dayMs - 10 + i)))
  await run(2 * dayMs)
  expect(await readAges()).toEqual(Array.from({ length: 11 }, (_, i) => 2 * dayMs - 10 + i))
  expect(deleted.reduce((sum, rows) => sum + rows)).toBe(3_489)
  expect(Math.max(...deleted)).toBe(1_000)
})

test('many rows of one millisecond do not stop it', async () => {
  await insert(Array.from({ length: 2_500 }, (_, i) => makeRow(i, 5 * dayMs)))
  await run(2 * dayMs)
  expect(await readAges()).toEqual([])
})

test('0 keeps the log for ever', async () => {
  await insert([makeRow(1, 5_000 * dayMs)])
  await run(0)
  expect(await readAges()).toHaveLength(1)
})

test('it stops between two statements', async () => {
  await insert(Array.from({ length: 2_500 }, (_, i) => makeRow(i, 5 * dayMs + i)))
  await run(dayMs, AbortSignal.abort())
  expect(await readAges()).toHaveLength(2_500)
})

test('counts, tops, active users, dead networks and grants go in their time', async () => {
  const { db } = host.services
  const { id: user_id } = await addMailbox(host.services, {
    name: 'joe@example.com',
    password: 'correct horse',
  })
  const label = { protocol: 'imap', result: 'success', reason: 'ok' }
  for (const ago of [0, 6 * dayMs, 8 * dayMs])
    await db
      .insertInto('auth_stats')
      .values({ minute: now - ago, node: '', ...label, ...emptySums() })
      .execute()
  const top = { kind: 'user', name: 'joe', tried: 1, failed: 0 } as const
  for (const [span, ms] of [
    ['hour', hourMs],
    ['day', dayMs],
  ] as const)
    for (const ago of [dayMs, 20 * dayMs, 40 * dayMs]) {
      const start = Math.floor((now - ago) / ms) * ms
      await db
        .insertInto('auth_rollups')
        .values({ span, start, ...label, ...emptySums() })
        .execute()
      await db
        .insertInto('auth_tops')
        .values({ span, start, ...top })
        .execute()
    }
  for (const [i, ago] of [hourMs, 2 * dayMs].entries())
    await db
      .insertInto('active_users')
      .values({ user: `u${i}`, last_success_at: now - ago })
      .execute()
  for (const [i, ago] of [dayMs, 59 * dayMs, 61 * dayMs].entries()) {
    const network = `192.0.${i}.0/24`
    await db
      .insertInto('known_networks')
      .values({ user_id, network, last_success_at: now - ago })
      .execute()
    const grant = {
      user_id,
      network,
      digest: 'd',
      credential_version: 1,
      step: 0,
      roamed: 0,
      ended_at: null,
    } as const
    await db
      .insertInto('grants')
      .values({ id: `g${i}`, ...grant, created_at: 0, used_at: now - ago })
      .execute()
  }
  await run(30 * dayMs)
  const count = async (table: Parameters<typeof db.selectFrom>[0] & string) =>
    (
      await db
        .selectFrom(table as 'auth_tops')
        .selectAll()
        .execute()
    ).length
  expect([await count('auth_stats'), await count('auth_tops'), await count('active_users')]).toEqual([
    2, 4, 1,
  ])
  expect([await count('known_networks'), await count('grants')]).toEqual([2, 2])
  const rollUps = await db.selectFrom('auth_rollups').select(['span', 'start']).execute()
  expect(rollUps.filter(({ start }) => start < now - 31 * dayMs)).toEqual([])
})
