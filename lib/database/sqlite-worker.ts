/** The thread that owns one SQLite connection. One request at a time, answered in the order of arrival. */
import { parentPort, workerData } from 'node:worker_threads'
import SqliteDatabase from 'better-sqlite3'

export interface WorkerSetup {
  file: string
  readonly: boolean
}

/** `sql: null` closes the connection and ends the thread. */
export interface WorkerRequest {
  id: number
  sql: string | null
  /** JSON: text is handed over several times faster than hundreds of values, as a batch of the auth log has. */
  parameters: string
}

export type WorkerAnswer =
  | { id: number; rows: unknown[]; changes: number }
  | { id: number; error: { message: string; code: string } }

/** Batches of the audit differ in length, and so in text: keep enough statements for all of them. */
const statementsKept = 300

const { file, readonly } = workerData as WorkerSetup
const port = parentPort!
const sqlite = new SqliteDatabase(file, { readonly })
sqlite.pragma('busy_timeout = 5000')
// KiB. Each row of a long auth log goes to another place of every index; what does not stay in memory is read again.
sqlite.pragma('cache_size = -65536')
if (!readonly) {
  sqlite.pragma('journal_mode = WAL')
  // Pages, some 32 MB of log: bringing them into the database is work for many commits at once.
  sqlite.pragma('wal_autocheckpoint = 8000')
  // FULL: a commit returns when the log is on the disk. NORMAL would lose the last rows with the power.
  sqlite.pragma('synchronous = FULL')
  sqlite.pragma('foreign_keys = ON')
}

const statements = new Map<string, SqliteDatabase.Statement>()

function prepare(sql: string): SqliteDatabase.Statement {
  const known = statements.get(sql)
  if (known) return known
  const statement = sqlite.prepare(sql)
  if (statements.size >= statementsKept) statements.delete(statements.keys().next().value!)
  statements.set(sql, statement)
  return statement
}

function execute(id: number, sql: string, parameters: unknown[]): WorkerAnswer {
  // After some errors, a full disk among them, SQLite has rolled back by itself; another one would hide the cause.
  if (sql === 'rollback' && !sqlite.inTransaction) return { id, rows: [], changes: 0 }
  try {
    const statement = prepare(sql)
    if (statement.reader) return { id, rows: statement.all(...parameters), changes: 0 }
    return { id, rows: [], changes: statement.run(...parameters).changes }
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string }
    return { id, error: { message, code } }
  }
}

port.on('message', ({ id, sql, parameters }: WorkerRequest) => {
  if (sql !== null) {
    port.postMessage(execute(id, sql, JSON.parse(parameters)))
    return
  }
  sqlite.close()
  port.postMessage({ id, rows: [], changes: 0 } satisfies WorkerAnswer)
  port.close()
})
