/**
 * Kysely on SQLite in a worker thread: neither a commit's fsync nor a long search blocks the event loop, on which
 * logins wait. One connection, which Kysely hands to one user at a time (SqliteAdapter.supportsMultipleConnections is
 * false): queries wait for a transaction that is open.
 */
import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { refuseOdd } from './parameters.ts'
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from './sqlite-worker.ts'

/** A statement that SQLite refused. `code` is SQLite's, such as `SQLITE_CONSTRAINT_UNIQUE`. */
export class SqliteError extends Error {
  override name = 'SqliteError'
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

export function createSqliteDialect(setup: WorkerSetup): Dialect {
  return {
    createDriver: () => new ThreadDriver(setup),
    createAdapter: () => new TransactionalAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: db => new SqliteIntrospector(db),
  }
}

/** Kysely leaves it out, but SQLite takes back tables with a transaction: a migration that fails leaves nothing. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** The file to start the thread from, beside this one: `.ts` in the source tree, `.mjs` in a bundle. */
const workerFile = new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url)

type Pending = PromiseWithResolvers<QueryResult<unknown>>

class ThreadDriver implements Driver {
  readonly #setup: WorkerSetup
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #failure: Error | undefined
  #nextId = 0

  constructor(setup: WorkerSetup) {
    this.#setup = setup
  }

  async init(): Promise<void> {
    const worker = new Worker(workerFile, { workerData: this.#setup })
    worker.on('message', (answer: WorkerAnswer) => this.#settle(answer))
    worker.on('error', ({ message }) =>
      this.#fail(new Error(`the database ${this.#setup.file} cannot be used: ${message}`)),
    )
    worker.on('exit', () => this.#fail(new Error('the database thread has ended')))
    this.#worker = worker
    await once(worker, 'online')
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return new ThreadConnection((sql, parameters) => this.#ask(sql, parameters))
  }

  /** The connection stays open; Kysely gives it to the next that waits. */
  async releaseConnection(): Promise<void> {}

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // IMMEDIATE takes the write lock at once: a later upgrade could fail half way.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async destroy(): Promise<void> {
    if (!this.#worker || this.#failure) return
    const ended = once(this.#worker, 'exit')
    await this.#ask(null, [])
    await ended
  }

  async #ask(sql: string | null, parameters: readonly unknown[]): Promise<QueryResult<unknown>> {
    // JSON carries these over unchanged.
    refuseOdd(parameters)
    if (this.#failure) throw this.#failure
    const pending: Pending = Promise.withResolvers()
    const id = this.#nextId++
    const request: WorkerRequest = { id, sql, parameters: JSON.stringify(parameters) }
    this.#worker!.postMessage(request)
    this.#pending.set(id, pending)
    return pending.promise
  }

  #settle(answer: WorkerAnswer): void {
    const pending = this.#pending.get(answer.id)!
    this.#pending.delete(answer.id)
    if ('error' in answer) pending.reject(new SqliteError(answer.error.message, answer.error.code))
    else pending.resolve({ rows: answer.rows, numAffectedRows: BigInt(answer.changes) })
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const pending of this.#pending.values()) pending.reject(this.#failure)
    this.#pending.clear()
  }
}

class ThreadConnection implements DatabaseConnection {
  readonly #ask: (sql: string, parameters: readonly unknown[]) => Promise<QueryResult<unknown>>

  constructor(ask: (sql: string, parameters: readonly unknown[]) => Promise<QueryResult<unknown>>) {
    this.#ask = ask
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return (await this.#ask(query.sql, query.parameters)) as QueryResult<R>
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('SQLite answers are not streamed; page through them by key')
  }
}
