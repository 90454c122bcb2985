/** What a warm login costs the servers, as they count it themselves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startGateway } from './gateway.ts'
import { startGreeters } from './greeter.ts'
import { mapAtOnce, tryLogin } from './mail-user.ts'
import { startMariadb } from './mariadb.ts'
import { startRedis } from './redis.ts'
import { seedPassword } from './seed.ts'

const inFlight = 64
const logins = 3_000

test('64 warm logins in flight: two calls of the script at the most, no SELECT, and a share of an INSERT', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mg-trips-'))
  await using started = new AsyncDisposableStack()
  started.defer(() => rmSync(folder, { recursive: true }))
  const mariadb = started.use(await startMariadb(join(folder, 'mariadb')))
  const redis = started.use(await startRedis(join(folder, 'redis')))
  const greeters = await startGreeters()
  started.defer(() => greeters.close())
  const settings = { DATABASE_URL: await mariadb.createDatabase('trips'), REDIS_URL: redis.url }
  const data = join(folder, 'data')
  const gateway = started.use(await startGateway(data, { settings }))
  await gateway.addBackends(greeters.ports)
  const users = Array.from({ length: 10 }, (_, i) => `user${i}@example.com`)
  for (const user of users) await gateway.do('user add', { name: user, password: seedPassword })
  const { nginx } = gateway.ports
  // Each first login hashes and remembers.
  await mapAtOnce(users, 8, user => tryLogin(nginx, user))

  const count = async () => {
    const rows = await mariadb.query("show global status where Variable_name in ('Com_select', 'Com_insert')")
    const statements = Object.fromEntries(rows.map(row => [row.Variable_name, Number(row.Value)]))
    const stats = await redis.command(['info', 'commandstats'])
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])
    return { selects: statements.Com_select!, inserts: statements.Com_insert!, calls }
  }
  const before = await count()
  const startedAt = performance.now()
  const verdicts = await mapAtOnce(
    Array.from({ length: logins }, (_, i) => users[i % users.length]!),
    inFlight,
    user => tryLogin(nginx, user),
  )
  const seconds = (performance.now() - startedAt) / 1_000
  const after = await count()
  const perLogin = {
    calls: (after.calls - before.calls) / logins,
    selects: (after.selects - before.selects) / logins,
    inserts: (after.inserts - before.inserts) / logins,
  }
  console.log(`${logins} warm logins in ${seconds.toFixed(1)} s, per login: ${JSON.stringify(perLogin)}`)
  expect(new Set(verdicts)).toEqual(new Set(['yes']))
  expect(perLogin.calls).toBeLessThanOrEqual(2)
  expect(perLogin.inserts).toBeLessThan(0.1)
  // What a gateway reads every second whether or not somebody logs in, and nothing per login.
  expect(after.selects - before.selects).toBeLessThan(10 * (seconds + 1))
  expect(perLogin.selects).toBeLessThan(0.05)
}, 120_000)
