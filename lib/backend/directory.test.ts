import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../infra/e2e/databases.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateUp } from '../database/migrate.ts'
import { createMemoryHotState } from '../hot-state/memory.ts'
import type { HotState } from '../hot-state/port.ts'
import { createDirectory, type Directory, versionKey } from './directory.ts'
import { addBackend, removeBackend, setBackend } from './manage.ts'
import { type Greeter, startGreeter, startNameServer } from './test-servers.ts'

const clock = Date.now
const users = Array.from({ length: 1_000 }, (_, number) => `user${number}@example.org`)

let databases: TestDatabase
let hot: HotState
let lines: { msg: string; address?: string; port?: number; host?: string }[]
const directories: Directory[] = []
const services = () => ({ db: databases.db, hot, clock, actor: { name: 'Joe', address: '' } })
const greeters: Greeter[] = []

beforeEach(async () => {
  databases = await createTestDatabase()
  await migrateUp(databases.db, migrations)
  hot = createMemoryHotState(clock)
  lines = []
})
afterEach(async () => {
  for (const directory of directories.splice(0)) await directory.stop()
  for (const greeter of greeters.splice(0)) await greeter.stop()
  await databases.close()
})

function open({
  dnsServers = ['127.0.0.1:1'],
  intervalMs = 20,
  timeoutMs = 2_000,
  db = databases.db,
} = {}): Directory {
  const log = pino({ level: 'info' }, { write: line => lines.push(JSON.parse(line)) })
  const times = { check_interval: intervalMs, check_timeout: timeoutMs, fall: 3, rise: 2 }
  const settings = { dns_servers: dnsServers, ...times }
  const directory = createDirectory({ db, hot, log, clock, node: 'here', settings })
  directories.push(directory)
  return directory
}

async function add(fields: object): Promise<string> {
  const input = { protocol: 'imap', host: '127.0.0.1', ...fields }
  return (await addBackend(services(), input)).backend.id
}

async function greet(port?: number): Promise<Greeter> {
  const greeter = await startGreeter('* OK ready\r\n', port)
  greeters.push(greeter)
  return greeter
}

async function choose(directory: Directory, user = 'joe@example.org') {
  const [version] = await hot.apply([{ op: 'read', key: versionKey }])
  return (await directory.weigh({ protocol: 'imap', domain: 'example.org', pool: null, user }, version))
    .choice
}

/** user -> port */
async function spread(directory: Directory): Promise<Map<string, number | undefined>> {
  const chosen = await Promise.all(users.map(user => choose(directory, user)))
  return new Map(users.map((user, number) => [user, chosen[number]?.port]))
}

const upByPort = (directory: Directory) =>
  Object.fromEntries(directory.states().map(({ port, health }) => [port, health.map(({ up }) => up)]))

test('a change is seen by the next login, without rounds', async () => {
  const directory = open()
  expect(await choose(directory)).toBeNull()
  const id = await add({ port: 143 })
  expect(await choose(directory)).toMatchObject({ address: '127.0.0.1', port: 143, backend: { id } })
  await setBackend(services(), id, { port: 144 })
  expect(await choose(directory)).toMatchObject({ port: 144 })
  await setBackend(services(), id, { state: 'draining' })
  expect(await choose(directory)).toBeNull()
  await removeBackend(services(), id, { force: true })
  expect(directory.states()).toHaveLength(1)
  expect(await choose(directory)).toBeNull()
  expect(directory.states()).toEqual([])
})

test('the table is not read again while the version stays', async () => {
  const directory = open()
  const id = await add({ port: 143 })
  await choose(directory)
  await databases.db.updateTable('backends').set({ port: 144 }).where('id', '=', id).execute()
  expect(await choose(directory)).toMatchObject({ port: 143 })
})

test('1,000 users, two backends: stopping one moves only its users, starting it brings them back', async () => {
  const [left, right] = [await greet(), await greet()]
  await add({ port: left.port })
  await add({ port: right.port })
  const directory = open()
  directory.start()
  const before = await spread(directory)
  expect(new Set(before.values())).toEqual(new Set([left.port, right.port]))

  await right.stop()
  greeters.splice(greeters.indexOf(right), 1)
  await expect.poll(() => upByPort(directory)[right.port]).toEqual([false])
  expect(new Set((await spread(directory)).values())).toEqual(new Set([left.port]))

  await greet(right.port)
  await expect.poll(() => upByPort(directory)[right.port]).toEqual([true])
  expect(await spread(directory)).toEqual(before)
  expect(lines.map(({ msg, port }) => [msg, port])).toEqual([
    ['backend down', right.port],
    ['backend up', right.port],
  ])
})

test('none healthy: null; a backup tier takes over and gives back', async () => {
  const port = await chooseFreePort()
  await add({ port })
  const directory = open()
  directory.start()
  await expect.poll(() => choose(directory)).toBeNull()
  const spare = await greet()
  await add({ port: spare.port, tier: 1 })
  expect(await choose(directory)).toMatchObject({ port: spare.port })
  await greet(port)
  await expect.poll(async () => (await choose(directory))?.port).toBe(port)
})

test('a backend that is off is not checked, a draining one is', async () => {
  const [off, draining] = [await greet(), await greet()]
  await add({ port: off.port, state: 'off' })
  await add({ port: draining.port, state: 'draining' })
  const directory = open()
  directory.start()
  await expect.poll(() => draining.connections).toBeGreaterThan(1)
  expect(off.connections).toBe(0)
})

test('a new backend is checked at once, not with the next round', async () => {
  const directory = open({ intervalMs: 3_600_000 })
  directory.start()
  await choose(directory)
  const port = await chooseFreePort()
  await add({ port })
  await choose(directory)
  await expect.poll(() => upByPort(directory)[port]).toEqual([false])
})

test('after stop nothing is checked any more, and stopping twice is fine', async () => {
  const greeter = await greet()
  await add({ port: greeter.port })
  const directory = open({ intervalMs: 1 })
  directory.start()
  await expect.poll(() => greeter.connections).toBeGreaterThan(2)
  await Promise.all([directory.stop(), directory.stop()])
  // A connection made just before may still wait to be accepted.
  await wait(50)
  const { connections } = greeter
  await wait(50)
  expect(greeter.connections).toBe(connections)
})

test('stop does not wait for a silent backend, and does not call it down', async () => {
  const silent = await startGreeter(null)
  greeters.push(silent)
  await add({ port: silent.port })
  const directory = open({ timeoutMs: 600_000 })
  directory.start()
  await expect.poll(() => silent.connections).toBe(1)
  await directory.stop()
  expect(directory.states()[0]?.health[0]).toMatchObject({ up: true, checked_at: null })
})

test('a name that moves is followed; without DNS the last address stays and its age shows', async () => {
  const dns = await startNameServer('127.0.0.2 mail.test')
  try {
    await add({ host: 'mail.test', port: 143, state: 'active' })
    const directory = open({ dnsServers: [dns.server] })
    expect((await choose(directory))?.address).toBe('127.0.0.2')
    await dns.serve('127.0.0.3 mail.test')
    await expect.poll(async () => (await choose(directory))?.address, { timeout: 5_000 }).toBe('127.0.0.3')
    await dns.kill()
    const lost = async () => {
      await choose(directory)
      return directory.states()[0]?.dns_error
    }
    await expect.poll(lost, { timeout: 8_000 }).toMatch(/name lookup failed|no answer/)
    expect((await choose(directory))?.address).toBe('127.0.0.3')
    expect(directory.states()[0]?.resolved_at).toBeLessThan(Date.now())
  } finally {
    await dns.kill()
  }
}, 20_000)

test('a name without address is logged once', async () => {
  await add({ host: 'absent.test', port: 143 })
  const directory = open()
  directory.start()
  await expect.poll(() => lines.length).toBe(1)
  expect(lines[0]).toMatchObject({ msg: 'backend name not resolved', host: 'absent.test' })
  expect(await choose(directory)).toBeNull()
})

test('with the database away the last copy serves; one that was never read is an error', async () => {
  await add({ port: 143 })
  const other = await databases.openAgain()
  const directory = open({ db: other.db })
  expect(await choose(directory)).toMatchObject({ port: 143 })
  await other.close()
  await hot.apply([{ op: 'increment', key: versionKey, ttlMs: null }])
  expect(await choose(directory)).toMatchObject({ port: 143 })
  // Not every login asks the database that is away.
  expect(await choose(directory)).toMatchObject({ port: 143 })
  expect(lines.map(({ msg }) => msg)).toEqual(['backends not read, the last copy stays in use'])
  await expect(choose(open({ db: other.db }))).rejects.toThrow()
})
