import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createOnServer } from '../../infra/e2e/databases.ts'
import { type Mariadb, startMariadb } from '../../infra/e2e/mariadb.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateUp } from './migrate.ts'
import { refuseOld } from './mysql-server.ts'
import { createDatabase, type Databases, openDatabase } from './open.ts'
import { inTransaction } from './transaction.ts'

const limits = { max_open_conns: 4, max_idle_conns: 1, conn_max_lifetime: 0 }
const open = (url: string, own: Partial<typeof limits> = {}) =>
  openDatabase({ kind: 'mysql', url }, { ...limits, ...own })

let own: Awaited<ReturnType<typeof createOnServer>>
let databases: Databases | undefined

beforeEach(async () => {
  own = await createOnServer()
})
afterEach(async () => {
  await databases?.close()
  databases = undefined
  await own.remove()
})

describe('a start that cannot succeed says in one line what to do', () => {
  const password = () => decodeURIComponent(new URL(own.url).password)

  async function refusalOf(url: string): Promise<string> {
    const error: Error = await open(url).then(
      () => expect.unreachable(),
      problem => problem,
    )
    expect(error.message).not.toContain('\n')
    expect(error.message).not.toContain(password())
    return error.message
  }

  const changed = (change: (url: URL) => void) => {
    const url = new URL(own.url)
    change(url)
    return url.href
  }

  test('a wrong password', async () => {
    const url = changed(each => {
      each.password = 'another'
    })
    expect(await refusalOf(url)).toMatch(
      /^database\.user, database\.password \(DATABASE_URL\): .* does not let .* in/,
    )
  })

  test('no such database, for who may make it and for who may not', async () => {
    const url = changed(each => {
      each.pathname = '/nowhere'
    })
    const mayNot = /no database nowhere, or .* may not use it; .*CREATE DATABASE `nowhere`.* ON `nowhere`/
    expect(await refusalOf(url)).toMatch(mayNot)
    await expect(createDatabase({ kind: 'mysql', url })).rejects.toThrow(mayNot)
    await own.server.query(`grant all on *.* to '${own.name}'@'127.0.0.1'`)
    expect(await refusalOf(url)).toMatch(
      /there is no database nowhere .*; make it with mailgateway migrate --create$/,
    )
  })

  test('a user who may not create tables', async () => {
    await own.server.query(
      `revoke all on \`${own.name}\`.* from '${own.name}'@'127.0.0.1'; grant select on \`${own.name}\`.* to '${own.name}'@'127.0.0.1'`,
    )
    databases = await open(own.url)
    await expect(migrateUp(databases.schemaDb, migrations)).rejects.toThrow(
      /^database\.user .*CREATE command denied.*; grant it SELECT, .*REFERENCES$/,
    )
  })

  test('nobody listens; no such name', async () => {
    const port = await chooseFreePort()
    const url = changed(each => {
      each.port = String(port)
    })
    expect(await refusalOf(url)).toMatch(/^database\.host, database\.port .*nobody listens on 127\.0\.0\.1/)
    const name = changed(each => {
      each.hostname = 'nowhere.invalid'
    })
    expect(await refusalOf(name)).toMatch(/^database\.host .*nowhere\.invalid/)
  })

  test('a server that says nothing', async () => {
    const sockets: Socket[] = []
    const port = await chooseFreePort()
    const silent = createServer(socket => sockets.push(socket)).listen(port, '127.0.0.1')
    await once(silent, 'listening')
    const url = changed(each => {
      each.port = String(port)
    })
    expect(await refusalOf(url)).toMatch(/^database\.host .*no answer from 127\.0\.0\.1:\d+ in time/)
    for (const socket of sockets) socket.destroy()
    silent.close()
  })

  test.each([
    'create table system_config (config_key varchar(64), config_value text)',
    'create table users (id int, password text)',
  ])('the tables of the original: %s', async statement => {
    await own.server.query(`use \`${own.name}\`; ${statement}`)
    expect(await refusalOf(own.url)).toMatch(
      /holds the tables of the original MailGateway; .*mailgateway import original --from mysql:\/\//,
    )
  })

  test.each([
    ['10.4.34-MariaDB-log', false],
    ['10.5.0-MariaDB', true],
    ['11.8.2-MariaDB', true],
    ['5.7.44', false],
    ['8.0.11', true],
    ['9.1.0', true],
  ])('version %s', (version, accepted) => {
    const refuse = () => refuseOld(version)
    if (accepted) expect(refuse).not.toThrow()
    else expect(refuse).toThrow(/needs MySQL 8\.0 or MariaDB 10\.5, or a newer one/)
  })
})

describe('on a server of its own', () => {
  let folder: string
  let server: Mariadb
  let url: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mailgateway-tls-'))
    const file = (name: string) => join(folder, name)
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-keyout',
        file('key'),
        '-out',
        file('cert'),
        ...subject,
      ],
      { stdio: 'pipe' },
    )
    writeFileSync(file('text'), 'no certificate')
    server = await startMariadb(join(folder, 'm'), undefined, [
      `--ssl-cert=${file('cert')}`,
      `--ssl-key=${file('key')}`,
      '--version=10.4.1-MariaDB',
    ])
    url = (await server.createDatabase('gw')).replace('127.0.0.1', 'localhost')
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true })
  })

  test('TLS: the certificate must be good for the name, and be signed by who is named', async () => {
    // What lies behind TLS is refused for its age: so far it got.
    const old = /is MariaDB 10\.4\.1-MariaDB; MailGateway needs/
    await expect(open(url)).rejects.toThrow(old)
    await expect(open(`${url}?tls=on&tls_ca=${join(folder, 'cert')}`)).rejects.toThrow(old)
    await expect(open(`${url}?tls=on`)).rejects.toThrow(
      /^database\.tls_ca: the certificate of localhost:\d+ is not/,
    )
    await expect(open(`${url}?tls=on&tls_ca=${join(folder, 'none')}`)).rejects.toThrow(
      /none: cannot be read \(ENOENT\)/,
    )
    const byAddress = url.replace('localhost', '127.0.0.1')
    await expect(open(`${byAddress}?tls=on`)).rejects.toThrow(/write its host name, not its address$/)
    await expect(open(`${own.url.replace('127.0.0.1', 'localhost')}?tls=on`)).rejects.toThrow(
      /^database\.tls: .*speaks no TLS/,
    )
  })
})

test('a server that stalls and one that is restarted: every statement ends, and the next ones get through', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-stall-'))
  let server = await startMariadb(join(folder, 'm'))
  try {
    databases = await open(await server.createDatabase('gw'))
    const { db } = databases
    const look = () => sql`select 1 as one`.execute(db)
    const isBack = () => vi.waitFor(look, { timeout: 10_000, interval: 20 })
    await Promise.all([look(), look()])
    process.kill(server.pid, 'SIGSTOP')
    await expect.poll(() => readFileSync(`/proc/${server.pid}/stat`, 'latin1')).toMatch(/\) T /)
    const during = await Promise.allSettled([look(), look(), look()])
    process.kill(server.pid, 'SIGCONT')
    expect(during.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await isBack()
    await server.stop('SIGKILL')
    await expect(look()).rejects.toThrow()
    server = await startMariadb(join(folder, 'm'), server.port)
    await isBack()
    await Promise.all([look(), look(), look()])
  } finally {
    await databases?.close()
    databases = undefined
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})

test('a primary that may only be read from now on is left: behind its name there may be another one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-mysql-'))
  const server = await startMariadb(join(folder, 'm'))
  try {
    databases = await open(await server.createDatabase('mail'), { max_open_conns: 1 })
    const { db } = databases
    await sql`create table t (n integer)`.execute(db)
    const connection = async () => (await sql`select connection_id() as id`.execute(db)).rows
    const before = await connection()
    expect(await connection()).toEqual(before)
    await server.query('set global read_only = 1')
    await expect(sql`insert into t values (1)`.execute(db)).rejects.toThrow('read-only')
    expect(await connection()).not.toEqual(before)
  } finally {
    await databases?.close()
    databases = undefined
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})

test('a database is made once, in utf8mb4, and its migrations by two at the same time', async () => {
  await own.server.query(`drop database \`${own.name}\``)
  const target = { kind: 'mysql' as const, url: own.url }
  await createDatabase(target)
  await createDatabase(target)
  const all = await Promise.all([open(own.url), open(own.url)])
  try {
    const steps = await Promise.all(all.map(({ schemaDb }) => migrateUp(schemaDb, migrations)))
    expect(
      steps
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(Object.keys(migrations).toSorted())
  } finally {
    await Promise.all(all.map(each => each.close()))
  }
})

test('sessions are strict, in UTC and READ COMMITTED, text is compared by its bytes, sums are numbers', async () => {
  databases = await open(own.url)
  const { db, logDb } = databases
  await sql`create table t (a varchar(3), n bigint) default character set utf8mb4 collate utf8mb4_bin`.execute(
    db,
  )
  await sql`insert into t values (${'é😀\\'}, ${2 ** 52}), (${'É'}, ${1})`.execute(db)
  const found = await sql`select a, n from t where a = ${'é😀\\'}`.execute(db)
  expect(found.rows).toEqual([{ a: 'é😀\\', n: 2 ** 52 }])
  expect((await sql`select sum(n) as n from t`.execute(db)).rows).toEqual([{ n: 2 ** 52 + 1 }])
  await expect(sql`insert into t values (${'long text'}, 1)`.execute(db)).rejects.toThrow(/too long/)
  const { rows } = await sql`select @@tx_isolation as level, @@time_zone as zone`.execute(db)
  expect(rows).toEqual([{ level: 'READ-COMMITTED', zone: '+00:00' }])
  await expect(sql`insert into t values (${'x'}, 1)`.execute(logDb)).rejects.toThrow(/READ ONLY/i)
})

test.each([undefined, Number.NaN, true, new Date(0), { a: 1 }, [1]])(
  'the parameter %s is refused',
  async value => {
    databases = await open(own.url)
    await expect(sql`select ${sql.val(value)}`.execute(databases.db)).rejects.toThrow(TypeError)
  },
)

test('no error carries a value of the statement', async () => {
  databases = await open(own.url)
  const error = await sql`insert into nowhere values (${'a secret'})`
    .execute(databases.db)
    .catch(each => each)
  expect(error.code).toBe('ER_NO_SUCH_TABLE')
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('a secret')
})

test('a connection past its age is replaced, a young one is used again', async () => {
  const idOf = async () => {
    const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(databases!.db)
    return rows[0]!.id
  }
  databases = await open(own.url)
  expect(await idOf()).toBe(await idOf())
  await databases.close()
  databases = await open(own.url, { conn_max_lifetime: 1 })
  const first = await idOf()
  await expect.poll(idOf).not.toBe(first)
})

test('a statement that takes too long ends, the connection lives; searches have more time', async () => {
  databases = await open(own.url, { max_open_conns: 1 })
  const { db, logDb } = databases
  await Promise.all([
    expect(sql`select sleep(20) + count(*) from information_schema.tables`.execute(db)).rejects.toThrow(
      /max_statement_time/,
    ),
    sql`select sleep(4.5)`.execute(logDb),
  ])
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
})

test('with all connections taken, who waits is told after a bounded time', async () => {
  databases = await open(own.url, { max_open_conns: 1 })
  const { db } = databases
  const holding = await db.startTransaction().execute()
  await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  await holding.rollback().execute()
  await sql`select 1`.execute(db)
})

test('two transactions in each other’s way: one is done again, both get through', async () => {
  databases = await open(own.url)
  const { db } = databases
  await migrateUp(databases.schemaDb, migrations)
  const names = ['a', 'b']
  await db
    .insertInto('system_config')
    .values(names.map(name => ({ name, value: '0', updated_at: 0 })))
    .execute()
  const bothHold = Promise.withResolvers<void>()
  let holding = 0
  let tries = 0
  const raise = (order: string[]) =>
    inTransaction(db, async trx => {
      tries += 1
      for (const name of order) {
        await trx
          .updateTable('system_config')
          .set({ value: sql`value + 1` })
          .where('name', '=', name)
          .execute()
        holding += 1
        if (holding === 2) bothHold.resolve()
        await bothHold.promise
      }
    })
  await Promise.all([raise(names), raise(names.toReversed())])
  expect(tries).toBe(3)
  const rows = await db.selectFrom('system_config').select('value').where('name', 'in', names).execute()
  expect(rows).toEqual([{ value: '2' }, { value: '2' }])
})
