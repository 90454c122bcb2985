/** Which database a URL means. The only module that picks a driver. */
import { chmodSync, closeSync, openSync } from 'node:fs'
import { Kysely } from 'kysely'
import { createMysqlDialect, type PoolSetup, watchMysql } from './mysql.ts'
import { checkServer, createDatabase as createOnServer, readMysqlUrl } from './mysql-server.ts'
import type { Database, Tables } from './schema.ts'
import { createSqliteDialect } from './sqlite.ts'
import type { Away } from './watch.ts'

export interface Databases {
  /** Reads and writes; every login uses it. */
  db: Database
  /** Reads only, on connections of its own, for searches and exports that may take seconds. */
  logDb: Database
  /** For changes of the schema: they take as long as they take. */
  schemaDb: Database
  /** Why the server of the database is away; null = as far as is known it is there. */
  away(): Away | null
  close(): Promise<void>
}

export type DatabaseTarget =
  /** An absolute path. */
  | { kind: 'sqlite'; file: string }
  /** `mysql://user:password@host:port/database`, see `readMysqlUrl`. */
  | { kind: 'mysql'; url: string }

/** The settings `database.*` of those names; they say nothing to SQLite. */
export interface PoolLimits {
  max_open_conns: number
  max_idle_conns: number
  conn_max_lifetime: number
}

/** Below what a login may take: a server that stalls must not hold it for longer. */
const statementMs = 4_000
const searchMs = 60_000
const searchesAtOnce = 3

/**
 * Opens what is configured. SQLite reports damage with the first query.
 * @param looks whether a server is looked at first, over a connection of its own; else its first statement tells
 * @throws an Error of one line that says what to do
 */
export async function openDatabase(
  target: DatabaseTarget,
  limits: PoolLimits,
  looks = true,
): Promise<Databases> {
  if (target.kind === 'sqlite') return openSqlite(target.file)
  const server = readMysqlUrl(target.url)
  if (looks) await checkServer(server)
  const lifetimeMs = limits.conn_max_lifetime
  const watch = watchMysql(server)
  const open = (setup: Omit<PoolSetup, 'lifetimeMs'>) =>
    new Kysely<Tables>({ dialect: createMysqlDialect(server, { ...setup, lifetimeMs }) })
  const db = open({
    mostOpen: limits.max_open_conns,
    mostIdle: Math.min(limits.max_idle_conns, limits.max_open_conns),
    statementMs,
    readonly: false,
    watch,
  })
  const logDb = open({ mostOpen: searchesAtOnce, mostIdle: 0, statementMs: searchMs, readonly: true, watch })
  const schemaDb = open({ mostOpen: 1, mostIdle: 0, statementMs: Infinity, readonly: false })
  return {
    db,
    logDb,
    schemaDb,
    away: watch.away,
    async close() {
      watch.close()
      await Promise.all([db, logDb, schemaDb].map(each => each.destroy()))
    },
  }
}

/** Makes the database on its server; a file is made by `openDatabase`. @throws an Error of one line */
export async function createDatabase(target: DatabaseTarget): Promise<void> {
  if (target.kind === 'mysql') await createOnServer(readMysqlUrl(target.url))
}

/**
 * Opens the embedded database and creates the file if there is none, readable by its owner only.
 * @param file path of the SQLite file; its folder must exist
 * @throws an Error of one line when this user cannot write there; damage is reported by the first query
 */
export function openSqlite(file: string): Databases {
  createForOwner(file)
  const db = new Kysely<Tables>({ dialect: createSqliteDialect({ file, readonly: false }) })
  const { db: logDb, close: closeLog } = openForReading(file)
  return {
    db,
    logDb,
    schemaDb: db,
    away: () => null,
    async close() {
      await closeLog()
      await db.destroy()
    },
  }
}

/**
 * Opens an embedded database to read it, as one among the processes that use it: nobody waits for it. Creates none;
 * a file that is missing or no database is reported by the first query.
 */
export function openForReading(file: string): Pick<Databases, 'db' | 'close'> {
  const db = new Kysely<Tables>({ dialect: createSqliteDialect({ file, readonly: true }) })
  return { db, close: () => db.destroy() }
}

function createForOwner(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(
      `cannot open the database ${file} (${code}); its folder must exist, and this user own the file`,
      { cause: error },
    )
  }
}
