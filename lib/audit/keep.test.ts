/** The auth log while MariaDB is away: every row in it exactly once afterwards. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { someAttempt } from '../../infra/e2e/auth-log.ts'
import { type Mariadb, startMariadb } from '../../infra/e2e/mariadb.ts'
import { hang } from '../../infra/e2e/process.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateUp } from '../database/migrate.ts'
import { type Databases, openDatabase } from '../database/open.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { type AuditTrail, createAuditTrail } from './append.ts'
import { openSpool } from './spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-keep-'))
const spoolFolder = join(folder, 'spool')
let mariadb: Mariadb
let databases: Databases

beforeAll(async () => {
  mariadb = await startMariadb(join(folder, 'mariadb'))
  const url = await mariadb.createDatabase('keep')
  databases = await openDatabase(
    { kind: 'mysql', url },
    { max_open_conns: 5, max_idle_conns: 5, conn_max_lifetime: 0 },
  )
  await migrateUp(databases.schemaDb, migrations)
})
afterAll(async () => {
  await databases?.close()
  await mariadb?.stop()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  await databases.db.deleteFrom('auth_log').execute()
})

const makeRow = (i: number, more: Partial<AuthLogRow> = {}): AuthLogRow => ({
  ...someAttempt,
  request_id: `row-${String(i).padStart(5, '0')}`,
  time: 1_000 + i,
  ...more,
})
const makeRows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => makeRow(from + i))

const openTrail = (mostBytes = 1024 ** 2) =>
  createAuditTrail({ db: databases.db, spool: openSpool(spoolFolder, mostBytes) })
const patience = 20_000
const appendAll = (trail: AuditTrail, rows: AuthLogRow[]) =>
  Promise.all(rows.map(row => trail.append(row, patience)))

const restart = async () => {
  mariadb = await startMariadb(mariadb.folder, mariadb.port)
}
const drained = (trail: AuditTrail) =>
  vi.waitFor(() => expect(trail.spooled()).toMatchObject({ rows: 0, bytes: 0 }), {
    timeout: 10_000,
    interval: 20,
  })
const readRows = () =>
  databases.db.selectFrom('auth_log').select(['request_id', 'time', 'count']).orderBy('request_id').execute()

test('rows of an outage are on the disk before they are told, and in the log afterwards, each once', async () => {
  const trail = openTrail()
  await appendAll(trail, makeRows(0, 100))
  await mariadb.stop('SIGKILL')
  await appendAll(trail, makeRows(100, 1_300))
  expect(trail.spooled()?.rows).toBe(1_200)
  await restart()
  await drained(trail)
  await appendAll(trail, makeRows(1_300, 1_400))
  expect(await readRows()).toEqual(
    makeRows(0, 1_400).map(({ request_id, time }) => ({ request_id, time, count: 1 })),
  )
  await trail.close()
  expect(readdirSync(spoolFolder)).toEqual([])
})

test('a row whose insert went through unheard is not doubled', async () => {
  const trail = openTrail()
  // The answer never comes, the rows are in the end written twice.
  await hang(mariadb.pid)
  await appendAll(trail, makeRows(0, 50))
  expect(trail.spooled()?.rows).toBe(50)
  process.kill(mariadb.pid, 'SIGCONT')
  await drained(trail)
  expect((await readRows()).map(row => row.request_id)).toEqual(makeRows(0, 50).map(row => row.request_id))
  await trail.close()
})

test('folded rows count every attempt once, before, during and after', async () => {
  const trail = openTrail()
  const banned = (i: number) => trail.appendFolded(makeRow(i, { time: 5 }), patience, '192.0.2.0/24')
  const many = (from: number, to: number) => Promise.all(makeRows(from, to).map((_, i) => banned(from + i)))
  await many(0, 10)
  await mariadb.stop('SIGKILL')
  await many(10, 30)
  await trail.append(makeRow(90_000), patience)
  await many(30, 60)
  await restart()
  await drained(trail)
  await many(60, 100)
  expect(await readRows()).toEqual([
    { request_id: 'row-00000', time: 5, count: 100 },
    { request_id: 'row-90000', time: 91_000, count: 1 },
  ])
  await trail.close()
})

test('a row that the database cannot take is refused, and set aside if it waited', async () => {
  const trail = openTrail()
  const bad = makeRow(7, { protocol: 'much too long' })
  await expect(trail.append(bad, patience)).rejects.toMatchObject({ code: 'ER_DATA_TOO_LONG' })
  await mariadb.stop('SIGKILL')
  await appendAll(trail, [makeRow(6), bad, makeRow(8)])
  await restart()
  await drained(trail)
  expect((await readRows()).map(row => row.request_id)).toEqual(['row-00006', 'row-00008'])
  expect(readFileSync(join(spoolFolder, 'set-aside.txt'), 'utf8')).toBe(`${JSON.stringify(bad)}\n`)
  await trail.close()
})

test('a read-only server takes nothing, and nothing is lost', async () => {
  const trail = openTrail()
  await mariadb.query('set global read_only = 1')
  await appendAll(trail, makeRows(0, 10))
  expect(trail.spooled()?.rows).toBe(10)
  await mariadb.query('set global read_only = 0')
  await drained(trail)
  expect(await readRows()).toHaveLength(10)
  await trail.close()
})

test('a full spool refuses, and takes rows again when it is empty', async () => {
  const trail = openTrail(20_000)
  await mariadb.stop('SIGKILL')
  const outcomes = []
  for (let i = 0; i < 200; i++)
    outcomes.push(...(await Promise.allSettled([trail.append(makeRow(i), patience)])))
  const written = outcomes.filter(({ status }) => status === 'fulfilled').length
  expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { name: 'SpoolFull' } })
  expect(written).toBeGreaterThan(50)
  await restart()
  await drained(trail)
  await trail.append(makeRow(500), patience)
  expect(await readRows()).toHaveLength(written + 1)
  await trail.close()
})
