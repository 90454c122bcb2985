import { CompiledQuery } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { someAttempt } from '../../infra/e2e/auth-log.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { isDuplicate } from '../database/dialect.ts'
import type { AuthLogRow } from '../database/schema.ts'
import type { Metrics } from '../metrics.ts'
import { createProcessMetrics } from '../runtime/metrics.ts'
import { AuditBusy, createAuditTrail } from './append.ts'

let host: InProcess

beforeAll(async () => {
  // As SQLite has it: whoever has the one connection keeps the trail waiting.
  host = await openInProcess({ MAILGATEWAY_DATABASE_MAX_OPEN_CONNS: '1' })
})
afterAll(() => host?.close())

beforeEach(() => host.services.db.deleteFrom('auth_log').execute())

const makeRow = (i: number): AuthLogRow => ({
  ...someAttempt,
  request_id: `row-${String(i).padStart(5, '0')}`,
  time: 1_000 + i,
  result: 'failed',
  reason: 'wrong_password',
})

/** A trail, and how many rows each of its inserts has had. */
function openTrail() {
  const inserts: number[] = []
  const metrics = createProcessMetrics()
  const auditWritten: Metrics['auditWritten'] = ({ attempts }) => inserts.push(attempts)
  const trail = createAuditTrail({ db: host.services.db, metrics: { ...metrics, auditWritten } })
  return { trail, inserts }
}

const readIds = async () =>
  (await host.services.db.selectFrom('auth_log').select('request_id').orderBy('request_id').execute()).map(
    row => row.request_id,
  )

/** Milliseconds; nobody gives up in these tests. */
const patience = 20_000

test('a lone row is there when the call resolves', async () => {
  const { trail, inserts } = openTrail()
  await trail.append(makeRow(1), patience)
  expect(await readIds()).toEqual(['row-00001'])
  expect(inserts).toEqual([1])
})

test('rows that come together go together, each once', async () => {
  const { trail, inserts } = openTrail()
  const rows = Array.from({ length: 200 }, (_, i) => makeRow(i))
  await Promise.all(rows.map(row => trail.append(row, patience)))
  expect(await readIds()).toEqual(rows.map(row => row.request_id))
  expect(inserts).toEqual([200])
})

test('rows that come while an insert is in flight wait for the next, all of them for one', async () => {
  const { trail, inserts } = openTrail()
  const waves: Promise<void>[] = [trail.append(makeRow(0), patience)]
  while (trail.waiting() > 0) await new Promise(resolve => setImmediate(resolve))
  for (let i = 1; i <= 100; i++) waves.push(trail.append(makeRow(i), patience))
  await Promise.all(waves)
  expect(inserts).toEqual([1, 100])
})

test('no statement gets more rows than SQLite has variables for', async () => {
  const { trail, inserts } = openTrail()
  await Promise.all(Array.from({ length: 4_000 }, (_, i) => trail.append(makeRow(i), patience)))
  expect(await readIds()).toHaveLength(4_000)
  expect(Math.max(...inserts)).toBeLessThanOrEqual(500)
  expect(inserts.reduce((sum, n) => sum + n)).toBe(4_000)
})

test('a failed insert rejects exactly the rows of its batch and leaves none of them', async () => {
  const { trail } = openTrail()
  await trail.append(makeRow(5), patience)
  const bad = [4, 5, 6].map(i => trail.append(makeRow(i), patience))
  while (trail.waiting() > 0) await new Promise(resolve => setImmediate(resolve))
  const good = [7, 8].map(i => trail.append(makeRow(i), patience))
  const outcomes = await Promise.allSettled([...bad, ...good])
  expect(outcomes.map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
    'rejected',
    'fulfilled',
    'fulfilled',
  ])
  expect(outcomes[0]).toSatisfy(outcome => isDuplicate(outcome.reason))
  expect(await readIds()).toEqual(['row-00005', 'row-00007', 'row-00008'])
  await trail.append(makeRow(9), patience)
  expect(await readIds()).toHaveLength(4)
})

test('a row is resolved only after its commit', async () => {
  const { trail } = openTrail()
  const { promise: mayGo, resolve: go } = Promise.withResolvers<void>()
  // Nothing else gets at the connection while this transaction is open.
  const { promise: isOpen, resolve: opened } = Promise.withResolvers<void>()
  const blocker = host.services.db.transaction().execute(async trx => {
    await trx.executeQuery(CompiledQuery.raw('select 1'))
    opened()
    await mayGo
  })
  await isOpen
  let resolved = false
  const appended = trail.append(makeRow(1), patience).then(() => {
    resolved = true
  })
  for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
  expect(resolved).toBe(false)
  go()
  await Promise.all([blocker, appended])
  expect(await readIds()).toEqual(['row-00001'])
})

test('an idle trail keeps no timer and no turn of the event loop', async () => {
  const waiting = () =>
    process.getActiveResourcesInfo().filter(kind => kind === 'Timeout' || kind === 'Immediate').length
  const before = waiting()
  const { trail } = openTrail()
  expect(waiting()).toBe(before)
  await trail.append(makeRow(1), patience)
  await new Promise(resolve => setImmediate(resolve))
  expect(waiting()).toBe(before)
})

test('a row that nobody waits for any more is not written, and says so', async () => {
  const { trail } = openTrail()
  const { promise: mayGo, resolve: go } = Promise.withResolvers<void>()
  const blocker = host.services.db.transaction().execute(() => mayGo)
  const inFlight = trail.append(makeRow(1), patience)
  while (trail.waiting() > 0) await new Promise(resolve => setImmediate(resolve))
  const late = expect(trail.append(makeRow(2), 10)).rejects.toThrow(AuditBusy)
  const patient = trail.append(makeRow(3), patience)
  await new Promise(resolve => setTimeout(resolve, 30))
  go()
  await Promise.all([blocker, inFlight, late, patient])
  expect(await readIds()).toEqual(['row-00001', 'row-00003'])
})

test('the memory for waiting rows is bounded', async () => {
  const { trail } = openTrail()
  const { promise: mayGo, resolve: go } = Promise.withResolvers<void>()
  const blocker = host.services.db.transaction().execute(() => mayGo)
  const results = Array.from({ length: 6_000 }, (_, i) => trail.append(makeRow(i), patience))
  const outcomes = Promise.allSettled(results)
  go()
  await blocker
  const rejected = (await outcomes).filter(({ status }) => status === 'rejected')
  expect(rejected).toHaveLength(1_000)
  expect(rejected[0]).toMatchObject({ reason: { name: 'AuditBusy' } })
  expect(await readIds()).toHaveLength(5_000)
})
