import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isDuplicate } from './dialect.ts'
import { type Databases, openSqlite } from './open.ts'
import type { Database } from './schema.ts'
import { SqliteError } from './sqlite.ts'

let folder: string
let databases: Databases

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-sqlite-'))
  databases = openSqlite(join(folder, 'test.db'))
  await sql`create table things (name text primary key, amount bigint, parent text references things (name))`.execute(
    databases.db,
  )
})
afterAll(async () => {
  await databases?.close()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  await sql`delete from things`.execute(databases.db)
})

const insert = (db: Database, name: string, amount: number | null = 0, parent: string | null = null) =>
  sql`insert into things (name, amount, parent) values (${name}, ${amount}, ${parent})`.execute(db)

async function readNames(db: Database = databases.db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from things order by name`.execute(db)
  return rows.map(row => row.name)
}

async function readPragma(db: Database, name: string): Promise<unknown> {
  const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db)
  return Object.values(rows[0]!)[0]
}

test.each([
  ['用户 pässwörd 🔑 \0 end', 1],
  ['quote \' " ` \\ %', -1],
  ['', Number.MAX_SAFE_INTEGER],
  ['negative', Number.MIN_SAFE_INTEGER],
  ['a time', 1_800_000_000_123],
  ['nothing', null],
  ['long '.repeat(20_000), 0],
])('%j and %j come back as they were', async (name, amount) => {
  await insert(databases.db, name, amount)
  const { rows } = await sql`select name, amount, typeof(amount) as kind from things`.execute(databases.db)
  expect(rows).toEqual([{ name, amount, kind: amount === null ? 'null' : 'integer' }])
})

test('the safety that is promised is in force', async () => {
  await insert(databases.db, 'something is in the log')
  expect(await readPragma(databases.db, 'journal_mode')).toBe('wal')
  // 2 is FULL.
  expect(await readPragma(databases.db, 'synchronous')).toBe(2)
  expect(await readPragma(databases.db, 'foreign_keys')).toBe(1)
  for (const file of ['test.db', 'test.db-wal', 'test.db-shm'])
    expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600])
})

test('the connection for searches sees every commit and cannot write', async () => {
  await insert(databases.db, 'seen')
  expect(await readNames(databases.logDb)).toEqual(['seen'])
  await expect(insert(databases.logDb, 'no')).rejects.toMatchObject({ code: 'SQLITE_READONLY' })
  expect(await readNames()).toEqual(['seen'])
})

test('a refused statement says why by code, and the next one works', async () => {
  await insert(databases.db, 'one')
  const twice = await insert(databases.db, 'one').catch(error => error)
  expect(twice).toBeInstanceOf(SqliteError)
  expect(twice.code).toBe('SQLITE_CONSTRAINT_PRIMARYKEY')
  expect(isDuplicate(twice)).toBe(true)
  const orphan = await insert(databases.db, 'two', 0, 'nobody').catch(error => error)
  expect(orphan.code).toBe('SQLITE_CONSTRAINT_FOREIGNKEY')
  expect(isDuplicate(orphan)).toBe(false)
  await expect(sql`select nonsense`.execute(databases.db)).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
  expect(await readNames()).toEqual(['one'])
})

test('a value that is none of SQL is refused, and the next statement works', async () => {
  for (const value of [true, undefined, 1n, { code: () => 1 }]) {
    const refused = sql`select ${sql.val(value)}`.execute(databases.db)
    await expect(refused).rejects.toThrow(
      `a parameter is ${typeof value}; statements are given text, numbers and null`,
    )
  }
  expect(await readNames()).toEqual([])
})

describe('transactions', () => {
  test('an insert issued meanwhile is not lost when the transaction rolls back', async () => {
    let beside: Promise<unknown> | undefined
    const failed = databases.db.transaction().execute(async trx => {
      await insert(trx, 'inside')
      beside = insert(databases.db, 'beside')
      await new Promise(resolve => setImmediate(resolve))
      throw new Error('taken back')
    })
    await expect(failed).rejects.toThrow('taken back')
    await beside
    expect(await readNames()).toEqual(['beside'])
  })

  test('nobody reads what is not committed', async () => {
    await databases.db.transaction().execute(async trx => {
      await insert(trx, 'inside')
      expect(await readNames(databases.logDb)).toEqual([])
      expect(await readNames(trx)).toEqual(['inside'])
    })
    expect(await readNames(databases.logDb)).toEqual(['inside'])
  })

  test('a failing statement takes the whole transaction back and frees the connection', async () => {
    const failed = databases.db.transaction().execute(async trx => {
      await insert(trx, 'first')
      await insert(trx, 'first')
    })
    await expect(failed).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' })
    expect(await readNames()).toEqual([])
    await insert(databases.db, 'after')
    expect(await readNames()).toEqual(['after'])
  })

  test('fifty at once run one after the other', async () => {
    await insert(databases.db, 'counter', 0)
    const count = () =>
      databases.db.transaction().execute(async trx => {
        const { rows } = await sql<{ amount: number }>`select amount from things`.execute(trx)
        await sql`update things set amount = ${rows[0]!.amount + 1}`.execute(trx)
      })
    await Promise.all(Array.from({ length: 50 }, count))
    expect((await sql`select amount from things`.execute(databases.db)).rows).toEqual([{ amount: 50 }])
  })
})

test('a long search on the other connection holds up no login', async () => {
  const order: string[] = []
  const long =
    sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000) select count(*) from n`
      .execute(databases.logDb)
      .then(() => order.push('search'))
  // The thread of the search is busy before the login asks.
  await new Promise(resolve => setImmediate(resolve))
  for (let i = 0; i < 5; i++) {
    await insert(databases.db, `login ${i}`)
    order.push('login')
  }
  await long
  expect(order).toEqual([...Array(5).fill('login'), 'search'])
})

test('after closing every query is refused, and closing again is harmless', async () => {
  const other = openSqlite(join(folder, 'other.db'))
  for (const each of [other.db, other.logDb]) await sql`select 1`.execute(each)
  await other.close()
  await expect(sql`select 1`.execute(other.db)).rejects.toThrow()
  await expect(sql`select 1`.execute(other.logDb)).rejects.toThrow()
  await other.close()
})

test('a file that is damaged, or that cannot be made, is named', async () => {
  const file = join(folder, 'damaged.db')
  writeFileSync(file, 'This is some text, and it is no database. '.repeat(50))
  const damaged = openSqlite(file)
  for (const attempt of ['first', 'second']) {
    const message = await sql`select 1`.execute(damaged.db).catch(error => `${attempt}: ${error.message}`)
    expect(message).toBe(`${attempt}: the database ${file} cannot be used: file is not a database`)
  }
  await damaged.close()
  expect(() => openSqlite(join(folder, 'missing', 'x.db'))).toThrow(
    /^cannot open the database .*x\.db \(ENOENT\)/,
  )
})
