/** What a client was told stands in the log: through kill -9, and on the disk before the answer. */
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqlite } from '../../lib/database/open.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { mapAtOnce, tryLogin } from './mail-user.ts'
import { seedFolder } from './seed.ts'
import { slowWrites, traceCalls } from './syscalls.ts'
import { readWal } from './wal.ts'

const users = Array.from({ length: 64 }, (_, i) => ({ name: `user${i}@example.com`, cost: 4 }))

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-durability-'))
const database = join(folder, 'mailgateway.db')
let greeters: Greeters

beforeAll(async () => {
  greeters = await startGreeters()
  await seedFolder(folder, users, greeters.ports)
})
afterAll(() => {
  greeters?.close()
  rmSync(folder, { recursive: true })
})

/** A client address for every login, so that its row can be found. */
let logins = 0
function nextAddress(): string {
  logins += 1
  return `10.${logins >> 16}.${(logins >> 8) & 255}.${logins & 255}`
}

const warmUp = async ({ ports }: Gateway) => {
  const verdicts = await mapAtOnce(users, 16, ({ name }) => tryLogin(ports.nginx, name))
  expect(new Set(verdicts)).toEqual(new Set(['yes']))
}

/** Every user logs in again and again until the gateway is killed. Resolves to the addresses of those who saw OK. */
async function loginUntilKilled(gateway: Gateway): Promise<string[]> {
  const seen: string[] = []
  let killed = false
  const repeat = async ({ name }: { name: string }) => {
    while (!killed) {
      const address = nextAddress()
      try {
        if ((await tryLogin(gateway.ports.nginx, name, address)) === 'yes') seen.push(address)
      } catch (error) {
        // The kill cuts connections, with a reset or in the middle of an answer; nothing else may.
        if (!killed) throw error
      }
    }
  }
  const everyone = Promise.all(users.map(repeat))
  await sleep(randomInt(700, 1_700))
  killed = true
  await gateway.stop('SIGKILL')
  await everyone
  return seen
}

/** The results in the auth log by client address, those of `nextAddress` only. */
async function readResults(): Promise<Map<string, string[]>> {
  const { logDb, close } = openSqlite(database)
  const rows = await logDb
    .selectFrom('auth_log')
    .select(['client_address', 'result'])
    .where('client_address', 'like', '10.%')
    .execute()
  await close()
  const byAddress = Map.groupBy(rows, row => row.client_address)
  return new Map([...byAddress].map(([address, found]) => [address, found.map(row => row.result)]))
}

/** The disk is slow here: on a fast one an answer before its row would hardly ever be caught. */
test('after kill -9 every login that was answered with OK has exactly one row', async () => {
  const seen: string[] = []
  for (let round = 1; round <= 3; round += 1) {
    // Each start but the first has to recover what the kill before it left.
    await using gateway = await startGateway(folder)
    await warmUp(gateway)
    await using _strace = await slowWrites(gateway.pid, 2)
    const seenNow = await loginUntilKilled(gateway)
    expect(seenNow).not.toEqual([])
    seen.push(...seenNow)
  }
  {
    await using gateway = await startGateway(folder)
    await warmUp(gateway)
  }
  const results = await readResults()
  console.log(`kill -9, three times: ${seen.length} OK answers seen, ${results.size} rows with their address`)
  expect(seen.filter(address => results.get(address)?.join() !== 'success')).toEqual([])
  expect([...results].filter(([, found]) => found.length > 1)).toEqual([])
}, 60_000)

test('every committed batch of rows has its fsync', async () => {
  await using gateway = await startGateway(folder)
  await warmUp(gateway)
  const file = join(folder, 'strace.txt')
  await using strace = await traceCalls(gateway.pid, ['fsync', 'fdatasync'], file)
  const before = readWal(`${database}-wal`)
  const asked = Array.from({ length: 4 }, () => users).flat()
  const verdicts = await mapAtOnce(asked, 16, ({ name }) => tryLogin(gateway.ports.nginx, name))
  const after = readWal(`${database}-wal`)
  await strace.stop()
  const syncs = readFileSync(file, 'utf8').match(/^\d+ +f(data)?sync\(\d+<[^>]*-wal>/gm) ?? []
  const commits = after.commits - before.commits
  console.log(`${asked.length} warm logins: ${commits} commits, ${syncs.length} syncs of the write-ahead log`)
  expect(new Set(verdicts)).toEqual(new Set(['yes']))
  expect(after.salt).toBe(before.salt)
  expect(commits).toBeGreaterThan(0)
  expect(commits).toBeLessThan(asked.length)
  expect(syncs.length).toBeGreaterThanOrEqual(commits)
}, 30_000)
