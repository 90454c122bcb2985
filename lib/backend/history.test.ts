import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../infra/e2e/databases.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateUp } from '../database/migrate.ts'
import { createMemoryHotState } from '../hot-state/memory.ts'
import { newId } from '../id.ts'
import { createDirectory, type Directory } from './directory.ts'
import { createHistory, keptPerBackend, trimHistory } from './history.ts'
import { addBackend, removeBackend } from './manage.ts'
import { readHistory } from './read-history.ts'
import { startGreeter } from './test-servers.ts'

const clock = Date.now
const patience = { timeout: 10_000 }
const log = { info() {}, warn() {} }
const settings = { check_interval: 20, check_timeout: 1_000, fall: 1, rise: 1, dns_servers: [] }
let databases: TestDatabase
let directory: Directory | undefined

beforeEach(async () => {
  databases = await createTestDatabase()
  await migrateUp(databases.db, migrations)
})
afterEach(async () => {
  await directory?.stop()
  await databases.close()
})

const services = () => {
  const { db, logDb } = databases
  return { db, logDb, hot: createMemoryHotState(clock), clock, actor: { name: 'Joe', address: '' } }
}
/** As after a start: nothing is known yet. */
function open(): Directory {
  const { db, hot } = services()
  directory = createDirectory({ db, hot, log, clock, node: 'here', settings })
  directory.start()
  return directory
}
const read = async (id: string, wanted = {}) => (await readHistory(services(), id, wanted)).items
const upsOf = async (id: string) => (await read(id)).map(({ up }) => up)
const change = (backend_id: string, time: number, up: boolean) => {
  return { backend_id, address: '127.0.0.1', time, up, error: up ? null : 'refused', node: 'here' }
}

test('what goes down and up again has a row each, by whom and why; a restart adds none', async () => {
  const port = await chooseFreePort()
  const greeter = await startGreeter('* OK ready\r\n', port)
  const { backend } = await addBackend(services(), { protocol: 'imap', host: '127.0.0.1', port })
  open()
  await expect.poll(() => upsOf(backend.id), patience).toEqual([true])
  await greeter.stop()
  await expect.poll(() => upsOf(backend.id), patience).toEqual([false, true])
  expect((await read(backend.id))[0]).toEqual({
    address: '127.0.0.1',
    time: expect.any(Number),
    up: false,
    error: expect.stringContaining('ECONNREFUSED'),
    node: 'here',
  })
  await directory?.stop()
  const again = open()
  await expect.poll(() => again.states()[0]?.health[0]?.up, patience).toBe(false)
  await again.stop()
  expect(await upsOf(backend.id)).toEqual([false, true])

  const back = await startGreeter('* OK ready\r\n', port)
  open()
  await expect.poll(() => upsOf(backend.id), patience).toEqual([true, false, true])
  await back.stop()
})

test('page by page, and gone with its backend', async () => {
  const { backend } = await addBackend(services(), { protocol: 'imap', host: '127.0.0.1', port: 143 })
  const history = createHistory({ db: databases.db, log })
  history.note([1, 2, 2, 3].map((time, i) => change(backend.id, time, i % 2 === 0)))
  await history.flush()
  const first = await readHistory(services(), backend.id, { limit: 2 })
  const second = await readHistory(services(), backend.id, { limit: 2, after: first.next! })
  expect([first, second].map(({ items }) => items.map(({ time }) => time))).toEqual([
    [3, 2],
    [2, 1],
  ])
  expect(second.next).toBeNull()
  await removeBackend(services(), backend.id, { force: true })
  expect(await read(backend.id)).toEqual([])
  await expect(readHistory(services(), backend.id, { after: 'x' })).rejects.toMatchObject({ field: 'after' })
})

test('with the database away changes wait, and are written when it is back', async () => {
  const { db, close } = await databases.openAgain()
  let isAway = true
  const history = createHistory({
    db: db.withPlugin({
      transformQuery({ node }) {
        if (isAway) throw new Error('away')
        return node
      },
      transformResult: async ({ result }) => result,
    }),
    log,
  })
  history.note([change('b', 1, false)])
  await history.flush()
  expect(await read('b')).toEqual([])
  isAway = false
  await history.flush()
  expect(await upsOf('b')).toEqual([false])
  await close()
})

test('old rows go, and of a backend that never rests all but the newest', async () => {
  const now = clock()
  const many = Array.from({ length: keptPerBackend + 50 }, (_, i) => change('restless', now - i, i % 2 === 0))
  const rows = [
    ...many,
    change('old', now - 91 * 86_400_000, true),
    change('quiet', now - 89 * 86_400_000, true),
  ]
  for (let i = 0; i < rows.length; i += 500) {
    const some = rows
      .slice(i, i + 500)
      .map(({ up, ...row }) => ({ ...row, id: newId(), up: up ? (1 as const) : (0 as const) }))
    await databases.db.insertInto('backend_events').values(some).execute()
  }
  await trimHistory({ db: databases.db, clock: () => now })
  expect(await read('restless', { limit: 1_000 })).toHaveLength(keptPerBackend)
  expect(await readHistory(services(), 'restless', { limit: 1_000 })).toMatchObject({ next: null })
  expect([await upsOf('old'), await upsOf('quiet')]).toEqual([[], [true]])
})
