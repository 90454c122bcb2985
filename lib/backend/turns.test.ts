/** Several processes that share a hot state check the backends as one. */
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../infra/e2e/databases.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateUp } from '../database/migrate.ts'
import { createMemoryHotState } from '../hot-state/memory.ts'
import { type HotState, HotStateAway } from '../hot-state/port.ts'
import { createDirectory, type Directory, versionKey } from './directory.ts'
import { addBackend, setBackend } from './manage.ts'
import { type Greeter, startGreeter } from './test-servers.ts'
import { createTurns, foundKey } from './turns.ts'

const clock = Date.now
let databases: TestDatabase
let memory: HotState
let isAway: boolean
let hot: HotState
const directories: Directory[] = []
const services = () => ({ db: databases.db, hot, clock, actor: { name: 'Joe', address: '' } })
const greeters: Greeter[] = []

beforeEach(async () => {
  databases = await createTestDatabase()
  await migrateUp(databases.db, migrations)
  isAway = false
  memory = createMemoryHotState(() => performance.now())
  hot = {
    ...memory,
    apply: ops => (isAway ? Promise.reject(new HotStateAway('not now')) : memory.apply(ops)),
  }
})
afterEach(async () => {
  for (const directory of directories.splice(0)) await directory.stop()
  for (const greeter of greeters.splice(0)) await greeter.stop()
  await databases.close()
})

function open(intervalMs = 30, fall = 3): Directory {
  const directory = createDirectory({
    db: databases.db,
    hot,
    log: pino({ level: 'silent' }),
    clock,
    node: 'here',
    settings: { dns_servers: [], check_interval: intervalMs, check_timeout: 1_000, fall, rise: 2 },
  })
  directories.push(directory)
  return directory
}

async function greet(greeting: string | null, port?: number): Promise<Greeter> {
  const greeter = await startGreeter(greeting, port)
  greeters.push(greeter)
  return greeter
}

const add = (port: number) => addBackend(services(), { protocol: 'imap', host: '127.0.0.1', port })
const states = () => directories.map(directory => directory.states())
const ups = () => states().map(([first]) => first?.health[0]?.up)
const rounds = async () => Number((await memory.apply([{ op: 'read', key: 'backends:round' }]))[0])

test('one check per interval for all, and all show the same', async () => {
  const greeter = await greet('* OK ready\r\n')
  await add(greeter.port)
  for (let i = 0; i < 4; i++) open().start()
  await expect.poll(rounds).toBeGreaterThan(5)
  // One may be under way or just published.
  expect(Math.abs(greeter.connections - (await rounds()))).toBeLessThanOrEqual(1)
  // Since when it is up each would say for itself.
  const sinces = () => states().map(([first]) => first?.health[0]?.since)
  await expect.poll(() => new Set(sinces()).size).toBe(1)
})

test('bad checks in a row are counted over a change of the one that checks', async () => {
  const broken = await greet('* BYE\r\n')
  await add(broken.port)
  const first = open(30, 3)
  first.start()
  await expect.poll(() => broken.connections).toBe(2)
  await first.stop()
  const before = broken.connections
  open(30, 3).start()
  await expect.poll(() => ups()[1]).toBe(false)
  // 3 at the most all in all, and one that may be under way.
  expect(broken.connections - before).toBeLessThan(3)
})

test('what one process finds the others know, down and up again', async () => {
  const port = await chooseFreePort()
  await add(port)
  for (let i = 0; i < 3; i++) open().start()
  await expect.poll(ups).toEqual([false, false, false])
  await greet('* OK ready\r\n', port)
  await expect.poll(ups).toEqual([true, true, true])
})

test('while the hot state is away each checks by itself; when it is back, one does', async () => {
  const port = await chooseFreePort()
  await add(port)
  for (let i = 0; i < 2; i++) open().start()
  await expect.poll(ups).toEqual([false, false])
  isAway = true
  const greeter = await greet('* OK ready\r\n', port)
  await expect.poll(ups).toEqual([true, true])
  // Two checks of each.
  expect(greeter.connections).toBeGreaterThanOrEqual(4)
  isAway = false
  // What was published before they were alone is older than what they know.
  const before = await rounds()
  await expect.poll(rounds).toBeGreaterThan(before + 2)
  expect(ups()).toEqual([true, true])
})

test('a change begins a turn at once, for one of them', async () => {
  const greeter = await greet('* OK ready\r\n')
  const { backend } = await add(greeter.port)
  for (let i = 0; i < 3; i++) open(3_600_000).start()
  await expect.poll(() => greeter.connections).toBe(1)
  const other = await greet('* OK ready\r\n')
  await setBackend(services(), backend.id, { port: other.port })
  const [version] = await hot.apply([{ op: 'read', key: versionKey }])
  const wanted = { protocol: 'imap', domain: '', pool: null, user: 'joe' } as const
  await Promise.all(directories.map(directory => directory.weigh(wanted, version)))
  await expect
    .poll(() => states().map(([first]) => first?.health[0]?.checked_at), { timeout: 5_000 })
    .not.toContain(null)
  expect(other.connections).toBe(1)
})

test('what cannot be read in the hot state counts as nothing known', async () => {
  const settings = { check_interval: 1_000, check_timeout: 100 }
  const turns = createTurns({ hot, versionKey, settings })
  await memory.apply([{ op: 'write', key: foundKey, value: '{"half', ttlMs: null }])
  expect(await turns.peek()).toBeNull()
  isAway = true
  expect(await turns.peek()).toBeNull()
})
