/** A MariaDB that ends, hangs and comes back, as the statements of a gateway see it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Mariadb, startMariadb } from '../../infra/e2e/mariadb.ts'
import { hang } from '../../infra/e2e/process.ts'
import { isAway } from './dialect.ts'
import { type Databases, openDatabase } from './open.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-watch-'))
let mariadb: Mariadb
let databases: Databases

beforeAll(async () => {
  mariadb = await startMariadb(join(folder, 'mariadb'))
  const url = await mariadb.createDatabase('watched')
  const limits = { max_open_conns: 3, max_idle_conns: 3, conn_max_lifetime: 0 }
  databases = await openDatabase({ kind: 'mysql', url }, limits)
})
afterAll(async () => {
  await databases?.close()
  await mariadb?.stop()
  rmSync(folder, { recursive: true })
})

const ask = async () => (await sql<{ one: number }>`select 1 as one`.execute(databases.db)).rows[0]?.one
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => null,
    error => error,
  )
const isBack = () => vi.waitFor(async () => expect(await ask()).toBe(1), { timeout: 10_000, interval: 20 })

/** Everything that is asked at once, in the pool's connections and beyond them. */
const askMany = () => Promise.all(Array.from({ length: 20 }, () => refusal(ask())))

test('a server that hangs: whoever waits is told, later ones at once, and it goes on when the server does', async () => {
  expect(await askMany()).toEqual(Array(20).fill(null))
  await hang(mariadb.pid)
  const waited = await askMany()
  expect(waited.every(isAway)).toBe(true)
  expect(waited.map(({ code }) => code)).toContain('DATABASE_AWAY')
  expect(databases.away()).toMatchObject({
    since: expect.any(Number),
    why: expect.stringContaining('no answer'),
  })
  expect((await refusal(ask())).code).toBe('DATABASE_AWAY')
  process.kill(mariadb.pid, 'SIGCONT')
  await isBack()
  expect(databases.away()).toBeNull()
  expect(await askMany()).toEqual(Array(20).fill(null))
})

test('a transaction that the outage cuts leaves nothing behind', async () => {
  const { db } = databases
  await sql`create table if not exists cut (n integer)`.execute(db)
  const cut = db.transaction().execute(async trx => {
    await sql`insert into cut values (1)`.execute(trx)
    await hang(mariadb.pid)
    await sql`insert into cut values (2)`.execute(trx)
  })
  expect(isAway(await refusal(cut))).toBe(true)
  process.kill(mariadb.pid, 'SIGCONT')
  await isBack()
  const left = async () => (await sql`select n from cut`.execute(db)).rows
  await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 10_000 })
})

test('a slow statement is no outage', async () => {
  await sql`select sleep(2)`.execute(databases.db)
  expect(databases.away()).toBeNull()
})

test('a server without a free connection is there: it is not kept from those that have one', async () => {
  await mariadb.query('set global max_connections = 10')
  const others = await Promise.all(Array.from({ length: 12 }, () => refusal(mariadb.query('do sleep(1.5)'))))
  expect(others.some(error => error?.code === 'ER_CON_COUNT_ERROR')).toBe(true)
  expect(databases.away()).toBeNull()
  await mariadb.query('set global max_connections = 100')
})

test('a server that is gone is asked by one, at growing distances, and used within a second of its return', async () => {
  await mariadb.stop('SIGKILL')
  let attempts = 0
  const gone = createServer(socket => {
    attempts += 1
    socket.destroy()
  })
  await new Promise<void>(resolve => gone.listen(mariadb.port, '127.0.0.1', resolve))
  const until = performance.now() + 3_000
  let asked = 0
  while (performance.now() < until) {
    asked += (await askMany()).length
    await sleep(10)
  }
  await new Promise(resolve => gone.close(resolve))
  console.log(`${asked} statements in 3 s of an outage made ${attempts} attempts to connect`)
  expect(attempts).toBeGreaterThan(2)
  expect(attempts).toBeLessThan(40)
  mariadb = await startMariadb(mariadb.folder, mariadb.port)
  await isBack()
})
