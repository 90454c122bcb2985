/** Which database a URL means. The only module that picks a driver. */
import { chmodSync, closeSync, openSync } from 'node:fs'
import { Kysely } from 'kysely'
import type { Database, Tables } from './schema.ts'
import { createSqliteDialect } from './sqlite.ts'

export interface Databases {
  /** Reads and writes; every login uses it. */
  db: Database
  /** Reads only, on a connection of its own, for searches and exports that may take seconds. */
  logDb: Database
  close(): Promise<void>
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

/** Whether a statement was refused because a row with that unique value exists. */
export function isDuplicate(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
}
