/** The original's database moves in: all of it, odd rows named, twice, interrupted, and with no password left behind. */

import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from 'bcryptjs'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { openForReading } from '../../lib/database/open.ts'
import type { OriginalTable } from '../../lib/database/original.ts'
import { codeAt } from '../../lib/mailbox/codes.ts'
import { setEnabled, setPassword } from '../../lib/mailbox/manage.ts'
import { stepAt } from '../../lib/mailbox/rules.ts'
import type { TableReport } from '../../lib/original/outcome.ts'
import { loadConfig } from '../../lib/runtime/config.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { ask, nginxLines } from '../e2e/ask.ts'
import { askApp } from '../e2e/ask-app.ts'
import { type Gateway, runCommand, startCommand, startGateway } from '../e2e/gateway.ts'
import { addBackends, openInProcess } from '../e2e/in-process.ts'
import { readVerdict } from '../e2e/mail-user.ts'
import { type MariadbAccess, reachMariadb } from '../e2e/mariadb.ts'
import { makeOriginal, originalUser } from '../e2e/original-database.ts'
import { withSecret } from '../e2e/stores.ts'
import { type ImportReport, importOriginal } from './import-original.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-import-'))
let mariadb: MariadbAccess
let serial = 0

beforeAll(() => {
  const { folder: place, port } = inject('mariadb')
  mariadb = reachMariadb(place, port)
})
afterAll(() => rmSync(folder, { recursive: true }))

const newFolder = () => join(folder, String(serial++))
let big: Promise<string> | undefined
/** Read only, so one is enough. */
function theBigOne(): Promise<string> {
  big ??= makeOriginal(mariadb, `original_${process.pid}`, {
    users: 10_000,
    authLog: 100_000,
    operationLog: 1_000,
  })
  return big
}

/** A small original with these statements run in it. */
async function makeSmall(statements = '', size = { users: 3, authLog: 0, operationLog: 0 }): Promise<string> {
  const name = `original_${process.pid}_${serial++}`
  const url = await makeOriginal(mariadb, name, size)
  if (statements !== '') await mariadb.query(`use \`${name}\`; ${statements}`)
  return url
}
const databaseOf = (url: string) => new URL(url).pathname.slice(1)

/** Where things go to: the settings of a gateway with an empty database. */
type Target = { MAILGATEWAY_DATA_DIR: string; DATABASE_URL?: string }
type Kind = 'sqlite' | 'mariadb'

async function newTarget(kind: Kind): Promise<Target> {
  const data = { MAILGATEWAY_DATA_DIR: newFolder() }
  if (kind === 'sqlite') return data
  return { ...data, DATABASE_URL: await mariadb.createDatabase(`target_${process.pid}_${serial++}`) }
}

const run = (target: Target, url: string, dryRun = false) =>
  importOriginal(loadConfig({ env: withSecret(target), cwd: folder }), url, dryRun)

function reportOf({ tables }: ImportReport, table: OriginalTable): TableReport {
  return tables.find(report => report.table === table)!
}

/** The gateway's services on that database, for the time of the work. */
async function withServices<T>(target: Target, work: (services: Services) => Promise<T>): Promise<T> {
  const host = await openInProcess(target)
  try {
    return await work(host.services)
  } finally {
    await host.close()
  }
}

async function send(services: Services, user: string, password: string): Promise<string | null> {
  return (await askApp(services, nginxLines({ user, password }))).get('Auth-Status')
}

const readAll = ({ db }: Services) =>
  Promise.all([
    db.selectFrom('users').selectAll().execute(),
    db.selectFrom('admin').selectAll().execute(),
    db.selectFrom('auth_log').selectAll().execute(),
    db.selectFrom('operation_log').selectAll().execute(),
    db.selectFrom('system_config').selectAll().where('name', 'not in', counters).execute(),
    db.selectFrom('ip_blacklist').selectAll().execute(),
    db.selectFrom('backends').selectAll().execute(),
  ])
/** They rise with whatever is changed. */
const counters = ['mailbox_version', 'ban_version', 'settings_version', 'unknown_guesses', 'sealed_passwords']

/** Everything that is kept. */
async function readKept(target: Target): Promise<string> {
  const data = target.MAILGATEWAY_DATA_DIR
  const rows = await withServices(target, readAll)
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter(
    entry => entry.isFile() && entry.name !== 'secret.key',
  )
  const texts = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
  return [JSON.stringify(rows), ...texts].join('\n')
}

test.each<Kind>(['sqlite', 'mariadb'])(
  'ten thousand users and a hundred thousand rows of log, into %s: all are here, log in, and no password is left',
  async kind => {
    const url = await theBigOne()
    const target = await newTarget(kind)
    const first = await run(target, url)
    expect(reportOf(first, 'users')).toMatchObject({ rows: 10_000, taken: 10_000, here: 0, skipped: 0 })
    expect(reportOf(first, 'auth_log')).toMatchObject({ rows: 100_000, taken: 100_000, here: 0, skipped: 0 })
    expect(reportOf(first, 'operation_log')).toMatchObject({ taken: 1_000, skipped: 0 })
    const kept = (await readKept(target)) + JSON.stringify(first)
    for (const n of [1, 10, 20, 5_000, 9_999, 10_000]) {
      const { password, totpSecret } = originalUser(n)
      expect(kept).not.toContain(password)
      if (totpSecret !== '') expect(kept).not.toContain(totpSecret)
    }

    await withServices(target, async services => {
      await addBackends(services, { imap: 143, pop3: 110, smtp: 25 })
      for (const n of [1, 9_999]) {
        const { username, password } = originalUser(n)
        expect(await send(services, username, `${password}0`)).not.toBe('OK')
        expect(await send(services, username, password)).toBe('OK')
      }
      for (const n of [10, 10_000]) {
        const { username, password, totpSecret } = originalUser(n)
        const code = codeAt(totpSecret, stepAt(Date.now()))
        expect(await send(services, username, password)).not.toBe('OK')
        expect(await send(services, username, password + code)).toBe('OK')
      }
    })

    const second = await run(target, url)
    expect(reportOf(second, 'users')).toMatchObject({ taken: 0, here: 10_000, skipped: 0 })
    expect(reportOf(second, 'auth_log')).toMatchObject({ taken: 0, here: 100_000, skipped: 0 })
    expect(reportOf(second, 'operation_log')).toMatchObject({ taken: 0, here: 1_000, skipped: 0 })
  },
)

describe.each<Kind>(['sqlite', 'mariadb'])('a second run into %s', kind => {
  test('leaves what was changed here as it is, and takes what came to the original since', async () => {
    const url =
      await makeSmall(`insert into admin (username, password) values ('root', '${await hash('x', 4)}');
      insert into system_config values ('IMAP', '192.0.2.10:143'), ('LOCK_ERRORS', '7')`)
    const target = await newTarget(kind)
    await run(target, url)
    await withServices(target, async services => {
      await setPassword(services, 'user1@example.com', 'quite another one')
      await setEnabled(services, 'user2@example.com', false)
    })
    const before = await withServices(target, readAll)
    await mariadb.query(
      `use \`${databaseOf(url)}\`; update users set password = 'changed there' where id = 1;
       insert into users (username, password) values ('new@example.com', 'a new password')`,
    )
    const report = await run(target, url)
    expect(reportOf(report, 'users')).toMatchObject({ taken: 1, here: 3 })
    expect(reportOf(report, 'admin')).toMatchObject({ taken: 0, here: 1 })
    expect(reportOf(report, 'system_config')).toMatchObject({ taken: 0, here: 2 })
    const [users, ...rest] = await withServices(target, readAll)
    expect(users.filter(({ name }) => name !== 'new@example.com')).toEqual(before[0])
    expect(rest).toEqual(before.slice(1))
  })
})

test('a run after one that was killed goes on where that has stopped', async () => {
  const url = await makeSmall('', { users: 2_000, authLog: 20_000, operationLog: 0 })
  const target = await newTarget('sqlite')
  const killed = startCommand(target, ['import', 'original', '--from', url])
  await vi.waitFor(async () => expect(await countAttempts(target)).toBeGreaterThan(0), {
    timeout: 60_000,
    interval: 20,
  })
  killed.kill('SIGKILL')
  await once(killed, 'close')
  const before = await countAttempts(target)
  expect(before).toBeLessThan(20_000)
  const report = await run(target, url)
  expect(reportOf(report, 'users')).toMatchObject({ taken: 0, here: 2_000 })
  expect(reportOf(report, 'auth_log')).toMatchObject({ taken: 20_000 - before, here: before })
})

async function countAttempts({ MAILGATEWAY_DATA_DIR: data }: Target): Promise<number> {
  if (!existsSync(join(data, 'mailgateway.db'))) return 0
  const { db, close } = openForReading(join(data, 'mailgateway.db'))
  try {
    return (await db.selectFrom('auth_log').select('request_id').execute()).length
  } catch (error) {
    // Its tables are still being made.
    if (error instanceof Error && error.message.includes('no such table')) return 0
    throw error
  } finally {
    await close()
  }
}

describe('a dry run', () => {
  test('says what would be taken and writes nothing', async () => {
    const url = await makeSmall(
      `insert into users (username, password) values ('USER1@example.com', 'a password'), ('', 'x');
       insert into system_config values ('IMAP', '192.0.2.10:143'), ('LOCK_TIME', '30');
       insert into blacklist (ip_address, expires_at) values ('203.0.113.7', '2037-01-01')`,
      { users: 3, authLog: 10, operationLog: 10 },
    )
    const target = await newTarget('sqlite')
    const fresh = await run(target, url, true)
    expect(existsSync(target.MAILGATEWAY_DATA_DIR)).toBe(false)
    const before = await withServices(target, readAll)
    const dry = await run(target, url, true)
    expect(await withServices(target, readAll)).toEqual(before)
    expect(dry).toEqual(fresh)
    expect(await run(target, url)).toEqual({ ...dry, dryRun: false })
  })
})

describe.each<Kind>(['sqlite', 'mariadb'])('odd rows into %s', kind => {
  let report: ImportReport
  let target: Target
  const longPassword = 'ä'.repeat(37)
  const goodSecret = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

  beforeAll(async () => {
    const url = await makeSmall(
      `insert into users (id, username, password, totp_secret, totp_enabled, owner) values
        (11, 'Joe@Example.com', 'the first password', null, 0, '销售部'), (12, 'joe@example.COM', 'the second one', null, 0, null),
        (13, 'line\\nbreak', 'a password', null, 0, null), (14, 'empty', '', null, 0, null),
        (15, 'long', '${longPassword}', null, 0, null), (16, 'control', 'tab\\tpassword', null, 0, null),
        (17, 'blank', 'ends in a blank ', '${goodSecret}', 1, null), (18, 'blank.plain', ' begins with one', null, 0, null),
        (19, 'short', 'a password 19', 'ABCDEFGHIJKLMNOP', 1, null), (20, 'none', 'a password 20', '', 1, null),
        (21, 'odd', 'a password 21', '0189!', 1, null), (22, 'unused', 'a password 22', '${goodSecret}', 0, null),
        (23, 'written', 'a password 23', '${goodSecret.toLowerCase().replace(/(.{4})/g, '$1 ')}', 1, null),
        (24, 'weak', '123456', null, 0, null), (25, 'flag', 'a password 25', null, 7, null);
       insert into admin (id, username, password, enabled) values (1, 'root', '${(await hash('x', 4)).replace('$2b', '$2a')}', 1),
        (2, 'second', '${(await hash('x', 4)).replace('$2b', '$2y')}', 0), (3, 'plain', 'a password', 1);
       insert into auth_log (id, username, ip_address, protocol, result, result_detail, client_ip, created_at) values
        (1, 'Joe@Example.com', '127.0.0.1', 'IMAP', 'success', 'ok', '198.51.100.7', '2026-01-02 03:04:05'),
        (2, 'nobody', '198.51.100.8', 'smtp', 'failed', '用户不存在', null, '2026-01-02 03:04:06'),
        (3, 'x', '127.0.0.1', 'pop3', 'failed', 'typed a password 23', '::ffff:198.51.100.9', '2026-01-02 03:04:07'),
        (4, 'x', '127.0.0.1', 'pop3', 'perhaps', '', '', '2026-01-02 03:04:07'), (5, 'x', '', '', 'failed', '', '', null);
       insert into operation_log (id, username, operation, details, status, created_at) values
        (1, 'root', 'create', 'owner Joe', 'success', '2026-01-02 03:04:05'),
        (2, 'root', 'create', 'password: a password 23', 'failed', '2026-01-02 03:04:05');
       insert into system_config values ('IMAP', 'imap.example.com:993'), ('POP3', 'no host at all'), ('smtp_server', '192.0.2.25'),
        ('smtp_port', '587'), ('smtp_password', 'mail password 99'), ('LOCK_ERRORS', '7'), ('totp_secret', '${goodSecret}'), ('colour', 'red');
       insert into blacklist (id, ip_address, ban_duration, event_type, created_at, expires_at, status) values
        (1, '203.0.113.9/24', 60, 'manual', '2026-01-02', '2037-01-01', 'active'), (2, '203.0.113.7', 60, 'login_failed', '2026-01-02', '2026-01-03', 'active'),
        (3, '203.0.113.8', 0, 'login_failed', '2026-01-02', null, 'active'), (4, '127.0.0.1', 0, 'x', '2026-01-02', null, 'active'),
        (5, '203.0.113.6', 60, 'x', '2026-01-02', null, 'active'), (6, 'nonsense', 60, 'x', '2026-01-02', null, 'active'),
        (7, '203.0.113.5', 60, 'x', '2026-01-02', '2037-01-01', 'expired')`,
    )
    target = await newTarget(kind)
    report = await run(target, url)
  })

  const saysOf = (table: OriginalTable, kind: 'reasons' | 'notes') =>
    Object.fromEntries(reportOf(report, table)[kind].map(({ text, examples }) => [text, examples]))

  test('of users are skipped or come disabled, with the reason', async () => {
    expect(saysOf('users', 'reasons')).toEqual({
      'the name is the same mailbox as that of an earlier row, which was taken': ['row 12 (joe@example.COM)'],
      'no mailbox can have this name': [expect.stringContaining('row 13')],
      'totp_enabled must be 0 or 1': ['row 25'],
    })
    const notes = saysOf('users', 'notes')
    const rows = Object.values(notes).flat()
    for (const n of [14, 15, 16, 17, 19, 20, 21, 24]) expect(rows.join()).toContain(`row ${n} `)
    await withServices(target, async ({ db }) => {
      const users = await db.selectFrom('users').selectAll().where('name', 'not like', 'user_@%').execute()
      const of = (name: string) => users.find(user => user.name === name)
      const off = users.filter(({ enabled }) => enabled === 0).map(({ name }) => name)
      expect(off.toSorted()).toEqual(['blank', 'control', 'empty', 'long', 'none', 'odd', 'short'])
      expect(of('joe@example.com')).toMatchObject({ login: 'Joe@Example.com', owner: '销售部', enabled: 1 })
      expect(of('short')).toMatchObject({ totp_secret: null, totp_confirmed: 0 })
      expect(of('unused')).toMatchObject({ totp_confirmed: 0, totp_secret: expect.stringMatching(/^v1\./) })
      expect(of('written')).toMatchObject({ totp_confirmed: 1 })
    })
  })

  test('the first of two names is the one that logs in, and secrets written in groups give codes', async () => {
    await withServices(target, async services => {
      await addBackends(services, { imap: 143, pop3: 110, smtp: 25 })
      expect(await send(services, 'joe@example.com', 'the second one')).not.toBe('OK')
      expect(await send(services, 'JOE@example.com', 'the first password')).toBe('OK')
      expect(await send(services, 'weak', '123456')).toBe('OK')
      expect(await send(services, 'blank.plain', ' begins with one')).toBe('OK')
      const code = codeAt(goodSecret, stepAt(Date.now()))
      expect(await send(services, 'written', `a password 23${code}`)).toBe('OK')
      for (const [name, password] of [
        ['empty', ''],
        ['long', longPassword],
      ] as const)
        expect(await send(services, name, password)).not.toBe('OK')
    })
  })

  test('of the other tables', async () => {
    expect(saysOf('admin', 'reasons')).toEqual({
      'the password is no bcrypt hash; add this administrator anew': ['row 3 (plain)'],
    })
    expect(saysOf('auth_log', 'reasons')).toEqual({
      'result must be success or failed': ['row 4'],
      'created_at is empty': ['row 5'],
    })
    expect(Object.values(saysOf('operation_log', 'notes'))).toEqual([['row 2']])
    expect(Object.values(saysOf('system_config', 'reasons')).flat().toSorted()).toEqual(
      ['POP3', 'colour', 'smtp_password', 'totp_secret'].map(key => `row ${key}`).toSorted(),
    )
    expect(saysOf('system_config', 'notes')).toMatchObject({
      [Object.keys(saysOf('system_config', 'notes'))[0]!]: ['row IMAP'],
    })
    expect(Object.values(saysOf('blacklist', 'reasons')).flat()).toEqual([
      'row 4 (127.0.0.1)',
      'row 5 (203.0.113.6)',
      'row 6 (nonsense)',
    ])
    await withServices(target, async services => {
      const [, admins, attempts, operations, settings, bans, backends] = await readAll(services)
      expect(admins).toMatchObject([
        { username: 'root', role: 'superadmin', enabled: 1 },
        { username: 'second', role: 'operator', enabled: 0 },
      ])
      expect(attempts.filter(({ method }) => method === '')).toMatchObject([
        {
          time: Date.UTC(2026, 0, 2, 3, 4, 5),
          user: 'joe@example.com',
          client_address: '198.51.100.7',
          client_network: '198.51.100.0/24',
          protocol: 'imap',
          reason: 'ok',
        },
        { client_address: '198.51.100.8', reason: 'unknown_user' },
        { client_address: '198.51.100.9', reason: 'original_refused', counters: '' },
      ])
      const details = operations.map(({ detail }) => JSON.parse(detail))
      expect(details.filter(each => 'user_type' in each)).toEqual([
        { user_type: '', details: 'owner Joe' },
        { user_type: '' },
      ])
      // What the import does with settings and backends is an act like others.
      expect(details).toContainEqual({
        before: { 'admin.lock_errors': '5' },
        after: { 'admin.lock_errors': '7' },
      })
      expect(settings).toContainEqual(expect.objectContaining({ name: 'LOCK_ERRORS', value: '7' }))
      const inForce = bans.filter(({ ends_at }) => ends_at === null || ends_at > Date.now())
      expect(inForce.map(({ cidr, event_type }) => [cidr, event_type]).toSorted()).toEqual([
        ['203.0.113.0/24', 'manual'],
        ['203.0.113.8/32', 'address'],
      ])
      expect(bans).toHaveLength(4)
      expect(backends.map(({ protocol, host, port }) => `${protocol} ${host}:${port}`).toSorted()).toEqual(
        expect.arrayContaining(['imap imap.example.com:993', 'smtp 192.0.2.25:587']),
      )
    })
    const kept = (await readKept(target)) + JSON.stringify(report)
    for (const secret of ['a password 23', 'mail password 99', 'the first password', goodSecret])
      expect(kept).not.toContain(secret)
  })
})

test('a schema that differs a little', async () => {
  const url = await makeSmall(
    `insert into users (username, password, totp_enabled) values ('bits@example.com', 'bits and bytes', 1);
     alter table users modify totp_enabled bit(1), modify id bigint unsigned auto_increment, drop owner, drop updated_at,
       modify password varbinary(255), modify created_at datetime(3), add avatar blob;
     update users set totp_enabled = 0, avatar = 'xx'; alter table blacklist modify expires_at bigint, modify created_at bigint;
     insert into blacklist (ip_address, created_at, expires_at) values ('203.0.113.7', 1767225600, 2114380800);
     drop table operation_log`,
  )
  const target = await newTarget('sqlite')
  const report = await run(target, url)
  expect(reportOf(report, 'users')).toMatchObject({ taken: 4, skipped: 0 })
  expect(reportOf(report, 'operation_log')).toMatchObject({ rows: null, taken: 0 })
  await withServices(target, async services => {
    await addBackends(services, { imap: 143, pop3: 110, smtp: 25 })
    expect(await send(services, 'bits@example.com', 'bits and bytes')).toBe('OK')
    const [ban] = await services.db.selectFrom('ip_blacklist').selectAll().execute()
    expect(ban).toMatchObject({ starts_at: 1_767_225_600_000, ends_at: 2_114_380_800_000 })
  })
})

describe('the command', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway(newFolder())
  })
  afterAll(() => gateway?.stop())

  test('works through a running gateway, which brings the passwords to bcrypt, and shows how far it is', async () => {
    const url = await makeSmall("insert into system_config values ('IMAP', '127.0.0.1:10143')", {
      users: 12,
      authLog: 1_000,
      operationLog: 0,
    })
    const withoutPassword = new URL(url)
    const password = withoutPassword.password
    withoutPassword.password = ''
    const args = ['import', 'original', '--from', withoutPassword.href, '--password-stdin']
    const dry = await gateway.mustCli([...args, '--dry-run', '--json'], password)
    const taken = await gateway.mustCli([...args, '--json'], password)
    expect(taken.json).toEqual({ ...(dry.json as ImportReport), dryRun: false })
    expect(taken.stderr).toContain('auth_log: 1000 of 1000 rows')
    const { username, password: own } = originalUser(1)
    expect(
      readVerdict(await ask(gateway.ports.nginx, nginxLines({ user: username, password: own }))),
    ).not.toBe('no')
    const shown = await gateway.mustCli(args, password)
    expect(shown.stdout).toMatch(/^users +12 +0 +12 +0$/m)
    expect(shown.stdout).not.toContain('stats rebuild')
    const file = join(gateway.folder, 'mailgateway.db')
    await vi.waitFor(
      () => expect(readFileSync(file, 'latin1') + readWal(file)).toMatch(/digest:\$2b/),
      30_000,
    )
  })

  const readWal = (file: string) => (existsSync(`${file}-wal`) ? readFileSync(`${file}-wal`, 'latin1') : '')
  const command = (from: string) =>
    runCommand({ MAILGATEWAY_DATA_DIR: newFolder() }, ['import', 'original', '--from', from])

  test.each([
    ['no URL', () => 'not a url', /--from is not a database URL; write mysql:/],
    ['another kind', () => 'postgres://u:topsecret1@127.0.0.1/x', /--from is not a database URL/],
    ['a password that is not escaped', () => 'mysql://u:top/secret1@127.0.0.1/x', /%2F for a \//],
    ['a server that is away', () => 'mysql://u:topsecret1@127.0.0.1:1/x', /does not listen there/],
    [
      'a wrong password',
      () => mariadb.url('nobody').replace(/:[^:@]+@/, ':topsecret1@'),
      /refuses this user and password/,
    ],
  ])('%s: one clear line without the password', async (_, from, told) => {
    const { code, stderr } = await command(from())
    expect(code).toBe(1)
    expect(stderr).toMatch(told)
    expect(stderr).not.toMatch(/topsecret1|top\/|secret1/)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test('a database of something else, or of this MailGateway: refused', async () => {
    const other = await mariadb.createDatabase(`other_${process.pid}`)
    expect((await command(other)).stderr).toMatch(/no table users/)
    await mariadb.query(`use other_${process.pid}; create table users (id int, username text)`)
    expect((await command(other)).stderr).toMatch(/the table users has no password/)
    await mariadb.query(`use other_${process.pid}; create table kysely_migration (name text)`)
    expect((await command(other)).stderr).toMatch(/tables of this MailGateway, not of the original/)
    const missing = new URL(other)
    missing.pathname = '/no_such_database'
    expect((await command(missing.href)).stderr).toMatch(/does not let this user read that database|no such/)
  })
})
