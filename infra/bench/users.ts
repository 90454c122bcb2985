/**
 * `npm run bench:users -- --sql sqlite|mysql [--count 100000]`: how long the API takes to list and search that many mailboxes
 * and bans, and to import ten thousand. Writes the figures to bench-users.json too. The exit code is 1 where one takes over
 * 100 ms as a rule.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { insertBans } from '../../lib/ban/insert.ts'
import { lockKey } from '../../lib/login/guessing.ts'
import { showProgress } from '../cli/progress-bar.ts'
import { type Api, openApi } from '../e2e/api.ts'
import { startMariadb } from '../e2e/mariadb.ts'
import { sharedSecret } from '../e2e/stores.ts'
import { createFigures } from './figures.ts'
import { makeBan, makeUser, nameOf } from './people.ts'

const { values } = parseArgs({
  options: { sql: { type: 'string', default: 'sqlite' }, count: { type: 'string', default: '100000' } },
})
const count = Number(values.count)
const { sql } = values
if ((sql !== 'sqlite' && sql !== 'mysql') || !(count >= 1_000)) {
  process.stderr.write('usage: npm run bench:users -- --sql sqlite|mysql [--count N], N at least 1000\n')
  process.exit(2)
}

const limitMs = 100
const rowsAtOnce = 500
const lockedForAWhile = 300
const { keep, measure, report } = createFigures(15)

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-bench-users-'))
await using started = new AsyncDisposableStack()
started.defer(() => rmSync(folder, { recursive: true }))
const now = Date.now()
const api = await open()
await fill()
await measureUsers()
await measureBans()
await importMany()
const slow = report('users', { sql, count }).filter(
  ({ what, median }) => median > limitMs && !what.startsWith('import'),
)
console.log(
  slow.length === 0
    ? `each takes less than ${limitMs} ms as a rule`
    : `over ${limitMs} ms as a rule: ${slow.map(({ what }) => what).join('; ')}`,
)
if (slow.length > 0) process.exitCode = 1

async function open(): Promise<Api> {
  const settings: Record<string, string> = { MAILGATEWAY_DATA_DIR: join(folder, 'data') }
  if (sql === 'mysql') {
    const mariadb = await startMariadb(join(folder, 'mariadb'), undefined, ['--innodb-buffer-pool-size=512M'])
    started.defer(() => mariadb.stop())
    settings.MAILGATEWAY_SECRET_KEY = sharedSecret
    settings.DATABASE_URL = await mariadb.createDatabase('bench')
  }
  const opened = await openApi(settings)
  started.defer(() => opened.close())
  return opened
}

async function fill(): Promise<void> {
  const { db, hot, clock } = api.services
  const progress = showProgress()
  const numbers = Array.from({ length: count }, (_, i) => i)
  for (let at = 0; at < count; at += rowsAtOnce * 10) {
    await db.transaction().execute(async trx => {
      for (let from = at; from < Math.min(at + rowsAtOnce * 10, count); from += rowsAtOnce) {
        const users = numbers.slice(from, from + rowsAtOnce).map(i => makeUser(i, now))
        const networks = users.map(({ id }) => ({
          user_id: id,
          network: '192.0.2.0/24',
          last_success_at: now,
        }))
        await trx.insertInto('users').values(users).execute()
        await trx.insertInto('known_networks').values(networks).execute()
      }
    })
    progress.show(at / count, `${at} mailboxes`)
  }
  for (let at = 0; at < count; at += rowsAtOnce * 10) {
    const some = numbers.slice(at, at + rowsAtOnce * 10)
    await insertBans(
      { db, hot, clock },
      some.map(i => makeBan(i, now)),
    )
    progress.show(at / count, `${at} bans`)
  }
  progress.end()
  await lockSome()
}

async function lockSome(): Promise<void> {
  const { db, hot } = api.services
  const names = Array.from({ length: lockedForAWhile }, (_, i) => nameOf(i * 11))
  const ttlMs = 3_600_000
  await hot.apply(
    names.map(name => ({ op: 'claim', key: lockKey(name), value: `${now + ttlMs}`, ttlMs }) as const),
  )
  await db
    .insertInto('locked_names')
    .values(names.map(name => ({ name, ends_at: now + ttlMs })))
    .execute()
}

async function get(path: string): Promise<{ items: unknown[]; total: number | null; next: string | null }> {
  const { status, body } = await api.ask(`GET ${path}`, 'auditor')
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
  return body
}

function measureGet(what: string, path: string): Promise<void> {
  return measure(what, async () => {
    const { items, total } = await get(path)
    return total === null ? `${items.length} rows` : `${items.length} of ${total}`
  })
}

/** Where a page begins that has nine tenths of them before it. */
async function markOf(sort: 'name' | 'owner' | 'created_at' | 'updated_at') {
  const row = await api.services.db
    .selectFrom('users')
    .select(['name', 'owner', 'created_at', 'updated_at'])
    .orderBy(sort)
    .offset(Math.floor(count * 0.9))
    .limit(1)
    .executeTakeFirstOrThrow()
  const value = sort === 'name' ? '' : row[sort]
  return Buffer.from(JSON.stringify([sort, 'asc', value, row.name])).toString('base64url')
}

async function measureUsers(): Promise<void> {
  for (const sort of ['name', 'owner', 'created_at', 'updated_at'] as const) {
    await measureGet(`mailboxes by ${sort}`, `/api/users?sort=${sort}`)
    await measureGet(`… a deep page`, `/api/users?sort=${sort}&after=${await markOf(sort)}`)
  }
  const last = nameOf(count - 1).split('@')[0]!
  const filters: [string, string][] = [
    ['name, many', 'search=user1'],
    ['name, one', `search=${last}`],
    ['name, none', 'search=nowhere-to-be-found'],
    ['owner, many', 'search=night'],
    ['owner, Chinese', `search=${encodeURIComponent('采购')}`],
    ['owner, few', `search=${encodeURIComponent('söhne 976')}`],
    ['disabled', 'enabled=false'],
    ['codes on', 'totp=on'],
    ['domain', 'domain=d7.example.org'],
    ['pool', 'pool=archive'],
    ['without a pool', 'pool='],
    ['all filters', 'search=user&enabled=true&totp=on&domain=d20.example.org&pool=archive'],
    ['locked', 'locked=true'],
    ['not locked', 'locked=false'],
  ]
  for (const [what, query] of filters) {
    await measureGet(`mailboxes: ${what}`, `/api/users?${query}`)
    await measureGet('… by owner', `/api/users?${query}&sort=owner&order=desc`)
    await measureGet('… a deep page', `/api/users?${query}&after=${await markOf('name')}`)
  }
  await measure('one mailbox', async () => {
    const { body } = await api.ask(`GET /api/users/${nameOf(11)}`, 'auditor')
    return body.locked ? 'locked' : 'not locked'
  })
}

async function measureBans(): Promise<void> {
  const deep = `${now - Math.floor(count * 0.9) * 60_000}.z`
  for (const state of ['active', 'expired', 'all']) {
    await measureGet(`bans: ${state}`, `/api/bans?state=${state}`)
    await measureGet('… a deep page', `/api/bans?state=${state}&after=${deep}`)
    await measureGet('… by hand', `/api/bans?state=${state}&event_type=manual`)
    for (const [what, address] of [
      ['an address', '10.1.2.0'],
      ['an address, none', '203.0.113.7'],
      ['a network', '10.1.2.0/24'],
      ['IPv6, none', '2001:db8::1'],
    ])
      await measureGet(`… with ${what}`, `/api/bans?state=${state}&address=${encodeURIComponent(address!)}`)
    for (const [what, text] of [
      ['many', 'spam'],
      ['one', `ticket ${count - 2}:`],
      ['none', 'nowhere-to-be-found'],
      ['part of a prefix', '10.1.2.'],
      ['an author', 'admin7'],
      ['letters beyond ASCII', 'Söhne'],
    ])
      await measureGet(
        `… with a text: ${what}`,
        `/api/bans?state=${state}&search=${encodeURIComponent(text!)}`,
      )
  }
}

/** As the command line does it: part by part. */
async function importMany(): Promise<void> {
  const [plain, all, part] = [200, 10_000, 500]
  const hash = '$2b$10$Vd5R0RvVXJqkXkzDqNnVGeBsSRcLr0Qh9gkXN0jTqv3kBEQzvOa9m'
  const lines = Array.from({ length: all }, (_, i) =>
    i < plain ? `new${i}@example.net,correct horse ${i},` : `new${i}@example.net,,${hash}`,
  )
  const progress = showProgress()
  const times: number[] = []
  for (let at = 0; at < all; at += part) {
    const content = ['name,password,password_hash', ...lines.slice(at, at + part)].join('\n')
    const startedAt = performance.now()
    const { body } = await api.ask('POST /api/users/import', 'operator', { format: 'csv', content })
    times.push(performance.now() - startedAt)
    if (body.added !== part) throw new Error(JSON.stringify(body))
    progress.show((at + part) / all, `${at + part} of ${all} lines`)
  }
  progress.end()
  const sum = times.reduce((total, ms) => total + ms, 0)
  const note = `${Math.round((all / sum) * 1_000)} lines/s; worst: of ${part} lines`
  keep({ what: `import of ${all}`, median: sum, worst: Math.max(...times), note })
}
