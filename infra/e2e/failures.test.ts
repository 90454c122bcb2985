/** Plugs pulled under load: MariaDB and Redis killed, restarted, hung; the gateway killed; disks that are full. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ask, nginxLines } from './ask.ts'
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { mapAtOnce, readVerdict, type Verdict } from './mail-user.ts'
import { type Mariadb, startMariadb } from './mariadb.ts'
import { hang } from './process.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { scrape } from './scrape.ts'
import { seedFolder, seedPassword } from './seed.ts'
import { withSecret } from './stores.ts'

const users = Array.from({ length: 40 }, (_, i) => ({ name: `user${i}@example.com`, cost: 4 }))
const [first, second] = ['user0@example.com', 'user1@example.com'] as const
const warmUsers = users.slice(0, 20)
/** Nobody remembers anything of this one; another one for each test. */
let cold = ''

const root = mkdtempSync(join(tmpdir(), 'mailgateway-failures-'))
const folder = join(root, 'data')
let greeters: Greeters
let mariadb: Mariadb
let redis: RedisServer
let gateway: Gateway
let settings: Record<string, string>

const start = (options: GatewayOptions = {}) =>
  startGateway(folder, { ...options, settings: { ...settings, ...options.settings } })

beforeAll(async () => {
  greeters = await startGreeters()
  mariadb = await startMariadb(join(root, 'mariadb'))
  redis = await startRedis(join(root, 'redis'))
  settings = withSecret({
    DATABASE_URL: await mariadb.createDatabase('failures'),
    REDIS_URL: redis.url,
    MAILGATEWAY_BACKEND_CHECK_INTERVAL: '1h',
  })
  await seedFolder(folder, users, greeters.ports, settings)
})
afterAll(async () => {
  await mariadb?.stop()
  await redis?.stop()
  greeters?.close()
  rmSync(root, { recursive: true })
})

/** A client address for every login, so that its row can be found; all of one network, so that it stays familiar. */
let logins = 0
const nextAddress = () => {
  logins += 1
  return `2001:db8:1:${(logins >> 16).toString(16)}::${(logins & 0xffff).toString(16)}`
}

interface Login {
  user: string
  address: string
  /** null = no answer: the gateway was killed. */
  verdict: Verdict | null
  startedAt: number
  ms: number
}

let seen: Login[] = []
/** The kill of the gateway cuts answers off; nothing else may. */
let killed = false

async function login(user: string, password = seedPassword): Promise<Login> {
  const address = nextAddress()
  const startedAt = performance.now()
  const lines = nginxLines({ user, password }, { 'Client-IP': address })
  const verdict = await ask(gateway.ports.nginx, lines)
    .then(readVerdict)
    .catch(error => {
      if (!killed) throw error
      return null
    })
  const done = { user, address, verdict, startedAt, ms: performance.now() - startedAt }
  seen.push(done)
  return done
}

/** Every warm user logs in again and again while the work is done, and until somebody gets in after it. */
async function underLoad(work: () => Promise<void>): Promise<void> {
  let going = true
  const repeat = async (user: string) => {
    while (going) {
      await login(user)
      await sleep(2)
    }
  }
  const everyone = Promise.all(warmUsers.map(({ name }) => repeat(name)))
  try {
    await sleep(300)
    await work()
  } finally {
    going = false
    await everyone
  }
}

const gotIn = (verdict: Verdict = 'yes') => seen.filter(each => each.verdict === verdict)
const comesIn = (user: string) =>
  vi.waitFor(async () => expect((await login(user)).verdict).toBe('yes'), { timeout: 10_000, interval: 20 })

const readiness = async () => {
  const response = await fetch(`http://127.0.0.1:${gateway.ports.admin}/readyz`)
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}
const metric = async (name: string) => (await scrape(gateway.ports.nginx)).series.get(name) ?? Number.NaN
const spoolEmpties = () =>
  vi.waitFor(async () => expect(await metric('mailgateway_spool_rows')).toBe(0), {
    timeout: 15_000,
    interval: 50,
  })

/** Every OK that was seen has exactly one row, and no row is there twice: rows are compared by the client's address. */
async function expectWholeLog(): Promise<void> {
  await spoolEmpties()
  const rows = (await mariadb.query(
    `select client_address, count(*) as n, sum(result = 'success') as ok from failures.auth_log
     where client_address like '2001:db8:1:%' group by client_address`,
  )) as { client_address: string; n: number; ok: string }[]
  const byAddress = new Map(rows.map(row => [row.client_address, row]))
  const normal = (address: string) => new URL(`http://[${address}]`).hostname.slice(1, -1)
  const rowOf = ({ address }: Login) => byAddress.get(normal(address))
  console.log(`${gotIn().length} OK and ${gotIn('later').length} temporary answers, ${rows.length} rows`)
  expect(gotIn().filter(each => Number(rowOf(each)?.ok) !== 1)).toEqual([])
  expect(rows.filter(({ n }) => n > 1)).toEqual([])
  expect(gotIn('no')).toEqual([])
}

beforeEach(async () => {
  seen = []
  killed = false
  cold = users.pop()!.name
  gateway = await start()
  const warm = await mapAtOnce(warmUsers, 8, ({ name }) => login(name))
  expect(warm.every(({ verdict }) => verdict === 'yes')).toBe(true)
})
afterEach(() => gateway?.stop())

const killMariadb = () => mariadb.stop('SIGKILL')
const restartMariadb = async () => {
  mariadb = await startMariadb(mariadb.folder, mariadb.port)
}
const restartRedis = async (dump?: string) => {
  rmSync(join(redis.folder, 'dump.rdb'), { force: true })
  if (dump) copyFileSync(dump, join(redis.folder, 'dump.rdb'))
  redis = await startRedis(redis.folder, redis.port)
}
const saveRedis = async () => {
  await redis.command(['save'])
  const dump = join(root, 'kept.rdb')
  copyFileSync(join(redis.folder, 'dump.rdb'), dump)
  return dump
}
/** How long after this moment somebody got in for the first time. */
const firstOkAfter = (moment: number) =>
  Math.min(...gotIn().flatMap(each => (each.startedAt >= moment ? each.startedAt + each.ms - moment : [])))

describe('MariaDB', () => {
  test('killed and restarted under load: remembered users never notice, and every OK has its row', async () => {
    await underLoad(async () => {
      await killMariadb()
      const { status, body } = await vi.waitFor(async () => {
        const answer = await readiness()
        expect(answer.body.database).toMatch(
          /away.*since \d{4}-.*; logins of remembered users go on; \d+ rows .* wait/,
        )
        return answer
      })
      expect([status, body.status]).toEqual([200, 'ready'])
      expect(await metric('mailgateway_database_up')).toBe(0)
      expect((await login(cold)).verdict).toBe('later')
      await sleep(1_000)
      await restartMariadb()
      const back = performance.now()
      await comesIn(cold)
      console.log(
        `MariaDB is back: a user that was not remembered gets in after ${performance.now() - back} ms`,
      )
      await sleep(300)
    })
    const postponed = gotIn('later').filter(({ user }) => user !== cold)
    expect(postponed).toEqual([])
    await expectWholeLog()
    expect(await metric('mailgateway_spool_drained_rows_total')).toBeGreaterThan(0)
    expect((await readiness()).body.database).toBe('it answers')
  }, 60_000)

  test('hung and released under load: nobody waits for long, and every OK has its row', async () => {
    await underLoad(async () => {
      await hang(mariadb.pid)
      const answers = await Promise.all([cold, cold, cold].map(user => login(user)))
      expect(answers.map(({ verdict }) => verdict)).toEqual(['later', 'later', 'later'])
      await sleep(1_500)
      process.kill(mariadb.pid, 'SIGCONT')
      await comesIn(cold)
    })
    console.log(`MariaDB hung: the slowest answer took ${Math.max(...seen.map(({ ms }) => ms))} ms`)
    await expectWholeLog()
  }, 60_000)

  test('what was changed before the outage is not believed again in it', async () => {
    await gateway.do('user disable', { name: first })
    await gateway.do('user set-password', { name: second, password: 'the second of them' })
    await killMariadb()
    for (const user of [first, second]) expect((await login(user)).verdict).toBe('later')
    expect((await login('user2@example.com')).verdict).toBe('yes')
    await restartMariadb()
    await vi.waitFor(async () => expect((await login(second)).verdict).toBe('no'), { timeout: 10_000 })
    expect((await login(first)).verdict).toBe('no')
    await gateway.do('user enable', { name: first })
    await gateway.do('user set-password', { name: second, password: seedPassword })
    await comesIn(first)
    await comesIn(second)
  }, 60_000)

  test('the gateway killed with rows in its spool: all of them are in the log once after its restart', async () => {
    await underLoad(async () => {
      await killMariadb()
      await sleep(700)
      killed = true
      await gateway.stop('SIGKILL')
    })
    const waiting = readdirSync(join(folder, 'spool')).filter(name => name.endsWith('.jsonl'))
    expect(waiting).toHaveLength(1)
    await restartMariadb()
    // Killed once more while it may be emptying it.
    gateway = await start()
    await gateway.stop('SIGKILL')
    gateway = await start()
    await expectWholeLog()
    expect(existsSync(join(folder, 'spool', waiting[0]!))).toBe(false)
  }, 60_000)

  test('a full spool lets nobody in, and readiness says so; afterwards it goes on', async () => {
    await gateway.stop()
    gateway = await start({ settings: { MAILGATEWAY_LOG_SPOOL_MAX: '64KB' } })
    await comesIn(first)
    await killMariadb()
    await underLoad(async () => {
      await vi.waitFor(
        async () => {
          const { status, body } = await readiness()
          expect([status, body.reason]).toEqual([503, expect.stringContaining('the spool is full')])
        },
        { timeout: 10_000 },
      )
    })
    expect((await login(first)).verdict).toBe('later')
    const { json } = await gateway.cli(['doctor', '--json'])
    expect(json).toContainEqual(
      expect.objectContaining({
        subject: 'spool',
        level: 'fail',
        found: expect.stringContaining('wait in it'),
      }),
    )
    await restartMariadb()
    await comesIn(first)
    await expectWholeLog()
  }, 60_000)

  test('a full disk lets nobody in while MariaDB is away', async () => {
    await gateway.stop()
    gateway = await start({ mostKib: 1 })
    await comesIn(first)
    await killMariadb()
    await underLoad(() => sleep(1_500))
    expect((await login(first)).verdict).toBe('later')
    await restartMariadb()
    await comesIn(first)
    await expectWholeLog()
  }, 60_000)
})

describe('Redis', () => {
  test.each(['empty', 'an old dump'])(
    'killed and restarted under load, %s: no revived credential, every OK has its row',
    async from => {
      const dump = await saveRedis()
      await underLoad(async () => {
        await redis.stop('SIGKILL')
        await vi.waitFor(async () => expect((await login(second)).verdict).toBe('later'), 20_000)
        expect(await readiness()).toMatchObject({
          status: 503,
          body: { reason: expect.stringMatching(/^Redis is away/) },
        })
        // MariaDB goes away and comes back in between; nobody can tell Redis of the change.
        await killMariadb()
        await restartMariadb()
        await vi.waitFor(() => gateway.do('user disable', { name: cold }), { timeout: 10_000 })
        await restartRedis(from === 'empty' ? undefined : dump)
        const back = performance.now()
        await comesIn(second)
        console.log(`Redis is back (${from}): the first gets in after ${firstOkAfter(back)} ms`)
        expect((await login(cold)).verdict).toBe('no')
        seen = seen.filter(({ user }) => user !== cold)
      })
      await gateway.do('user enable', { name: cold })
      await expectWholeLog()
    },
    60_000,
  )

  test('hung and released under load: nobody waits for long', async () => {
    await underLoad(async () => {
      await hang(redis.pid)
      await sleep(3_000)
      process.kill(redis.pid, 'SIGCONT')
      await comesIn(first)
    })
    console.log(`Redis hung: the slowest answer took ${Math.max(...seen.map(({ ms }) => ms))} ms`)
    await expectWholeLog()
  }, 60_000)

  test('both away: a temporary failure for everyone, and both come back', async () => {
    await underLoad(async () => {
      await Promise.all([killMariadb(), redis.stop('SIGKILL')])
      await vi.waitFor(async () => expect((await login(first)).verdict).toBe('later'), 20_000)
      await restartRedis()
      await sleep(500)
      expect((await login(first)).verdict).toBe('later')
      await restartMariadb()
      await comesIn(first)
    })
    await expectWholeLog()
  }, 60_000)
})

test('a long outage takes no more memory than a short one', async () => {
  const memory = () => metric('process_resident_memory_bytes')
  await killMariadb()
  await underLoad(() => sleep(1_000))
  const before = await memory()
  await underLoad(() => sleep(4_000))
  const grown = ((await memory()) - before) / 1024 ** 2
  console.log(`${seen.length} logins of an outage: ${grown.toFixed(0)} MB more`)
  // The young generation alone may take three times 64 MB (startFlags of gateway.ts); a queue would take more.
  expect(grown).toBeLessThan(250)
  await restartMariadb()
  await expectWholeLog()
}, 60_000)
