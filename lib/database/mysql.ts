/** Kysely on a pool of connections to MySQL 8 or MariaDB. No wait in here is without an end. */
import { connect, type Socket } from 'node:net'
import { type Dialect, MysqlDialect, type MysqlPool, type MysqlPoolConnection } from 'kysely'
import {
  createConnection,
  createPool,
  type Pool,
  type PoolConnection,
  type PoolOptions,
  type QueryError,
} from 'mysql2'
import { isAway } from './dialect.ts'
import type { MysqlServer } from './mysql-server.ts'
import { refuseOdd } from './parameters.ts'
import { createServerWatch, ServerAway, type ServerWatch } from './watch.ts'

export interface PoolSetup {
  mostOpen: number
  mostIdle: number
  /** Milliseconds after which a connection is replaced; 0 = never. */
  lifetimeMs: number
  /** Longest wait for a statement; Infinity = as long as it takes. */
  statementMs: number
  readonly: boolean
  /** Ends every wait when the server is away; absent = statements may take as long as they take. */
  watch?: ServerWatch
}

/** A statement that the server refused, or that it did not get. */
export class MysqlError extends Error {
  override name = 'MysqlError'
  /** The server's, such as `ER_DUP_ENTRY`, or of the connection, such as `ECONNREFUSED`. */
  readonly code: string
  constructor({ message, code }: { message: string; code?: string }) {
    super(message)
    this.code = code ?? ''
  }
}

/** For the handshake, and for a place in a pool that is in use. Both together are less than a login's deadline. */
const connectMs = 3_000
const placeMs = 3_000
/** For a look whether the server is there. It is long, and waits for a server that hangs: each one that is given up counts there as a failed connection. */
const lookMs = 2_000
/** What waits beyond that is refused at once: the pool is then far behind. */
const mostWaiting = 2_000
/** The server's own bound comes first: its error keeps the connection, ours ends it. */
const graceMs = 500
const lockWaitSeconds = 2

/** What both the driver and the tests of a start need to reach a server. */
export function connectionOptions({ host, port, user, password, database, tls }: MysqlServer) {
  return {
    host,
    port,
    user,
    password,
    database,
    connectTimeout: connectMs,
    charset: 'UTF8MB4_BIN',
    // Sums come as numbers, as the columns themselves do.
    decimalNumbers: true,
    flags: ['-LOCAL_FILES'],
    ...(tls && { ssl: { ...tls, rejectUnauthorized: true, verifyIdentity: true, minVersion: 'TLSv1.2' } }),
  } satisfies PoolOptions
}

/** Looks after a server by connections of its own, one at a time. */
export function watchMysql(server: MysqlServer): ServerWatch {
  // What the server itself says, such as that it has too many connections, says also that it is there.
  const isOfTheServer = (error: unknown) => String((error as { code?: string }).code).startsWith('ER_')
  const probe = async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new Error(`no answer within ${lookMs} ms`)), lookMs)
    const socket = connect(server.port, server.host)
    const connection = createConnection({
      ...connectionOptions(server),
      connectTimeout: lookMs,
      stream: socket,
    })
    const end = (error?: Error | null) => (!error || isOfTheServer(error) ? resolve() : reject(error))
    connection.on('error', end)
    connection.ping(end)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      socket.destroy()
    }
  }
  return createServerWatch(probe, error => isAway(error) && !isOfTheServer(error))
}

export function createMysqlDialect(server: MysqlServer, setup: PoolSetup): Dialect {
  const options = {
    ...connectionOptions(server),
    connectionLimit: setup.mostOpen,
    maxIdle: setup.mostIdle,
    queueLimit: mostWaiting,
  }
  // Made with the first statement: a pool that was never used is not closed either, and its timer would run on.
  return new MysqlDialect({ pool: async () => guardPool(createPool(options), setup) })
}

/** What Kysely sees of the pool: connections that are young, set up, and whose statements end. */
function guardPool(pool: Pool, setup: PoolSetup): MysqlPool {
  const known = new WeakMap<PoolConnection, { guarded: MysqlPoolConnection; endsAt: number }>()

  const take = async (): Promise<MysqlPoolConnection> => {
    while (true) {
      const raw = await takeRaw(pool)
      const before = known.get(raw)
      if (before && performance.now() < before.endsAt) return before.guarded
      if (!before) {
        await prepare(raw, setup)
        const guarded = guardConnection(raw, setup)
        known.set(raw, { guarded, endsAt: performance.now() + (setup.lifetimeMs || Infinity) })
        return guarded
      }
      cut(raw)
    }
  }

  const { watch } = setup
  const takeWatched = () => (watch ? watch.during(take, connection => connection.release()) : take())

  return {
    getConnection: callback => {
      takeWatched().then(
        connection => callback(null, connection),
        error => callback(noConnection(error), undefined as never),
      )
    },
    end: callback => pool.end(callback),
  }
}

const noConnection = ({ message, code }: MysqlError) =>
  new MysqlError({ message: `no connection to the database (see mailgateway doctor): ${message}`, code })

/** @throws when the server cannot be reached, refuses, or no place becomes free in time */
function takeRaw(pool: Pool): Promise<PoolConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<PoolConnection>()
  let late = false
  const timer = setTimeout(() => {
    late = true
    reject({ message: `none was free within ${placeMs} ms`, code: 'ETIMEDOUT' })
  }, connectMs + placeMs)
  pool.getConnection((error, connection) => {
    clearTimeout(timer)
    if (error) reject(error)
    else if (late) connection.release()
    else resolve(connection)
  })
  return promise
}

async function prepare(raw: PoolConnection, { statementMs, readonly }: PoolSetup): Promise<void> {
  const limits =
    statementMs === Infinity
      ? ''
      : `/*M! , max_statement_time = ${statementMs / 1_000} */ /*!80000 , max_execution_time = ${statementMs} */`
  const statements = [
    // READ COMMITTED as everyone else has it; the default of MySQL locks gaps between rows, where deadlocks live.
    `set session transaction isolation level read committed, ${readonly ? 'read only' : 'read write'}`,
    // A backslash stays an escape: the driver puts values into the text of a statement that way.
    `set session sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00',
      innodb_lock_wait_timeout = ${lockWaitSeconds} ${limits}`,
  ]
  try {
    for (const sql of statements) await ask(raw, { sql, timeout: connectMs })
  } catch (error) {
    cut(raw)
    throw error
  }
}

interface Statement {
  sql: string
  values?: unknown[]
  timeout: number | undefined
}

function ask(raw: PoolConnection, statement: Statement): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  raw.query(statement, (error: QueryError | null, result: unknown) =>
    error ? reject(error) : resolve(result),
  )
  return promise
}

/**
 * No answer in time: it may still come, and would be taken for that of the next statement. Or a server that is the
 * primary no more: behind its name there may be another one.
 */
const isLost = /^(PROTOCOL_SEQUENCE_TIMEOUT|ER_OPTION_PREVENTS_STATEMENT|ER_READ_ONLY_MODE)$/

function guardConnection(raw: PoolConnection, { statementMs, watch }: PoolSetup): MysqlPoolConnection {
  const timeout = statementMs === Infinity ? undefined : statementMs + graceMs
  let broken = false
  const query = (sql: string, values: unknown[], callback: (error: unknown, result: never) => void) => {
    refuseOdd(values)
    const work = () => ask(raw, { sql, values, timeout })
    const asked = watch ? watch.during(work) : work()
    asked.then(
      result => callback(null, result as never),
      (error: QueryError | ServerAway) => {
        broken ||= error instanceof ServerAway || error.fatal === true || isLost.test(error.code)
        // Not the driver's own error: it holds the statement with all values, secrets among them.
        callback(new MysqlError(error), undefined as never)
      },
    )
  }
  // All that Kysely uses as long as nothing is cancelled or streamed.
  const used: Pick<MysqlPoolConnection, 'release' | 'destroy' | 'threadId'> & { query: typeof query } = {
    query,
    release: () => (broken ? cut(raw) : raw.release()),
    destroy: () => cut(raw),
    threadId: raw.threadId,
  }
  return used as unknown as MysqlPoolConnection
}

/** The driver alone would wait for the server to end the connection, too: one that hangs does not. */
function cut(raw: PoolConnection): void {
  raw.destroy()
  const { stream } = raw as unknown as { stream: Socket }
  stream.destroy()
}
