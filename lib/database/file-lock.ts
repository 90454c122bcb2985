/** One owner per data folder. The kernel frees the lock when the process ends, however it ends. */
import SqliteDatabase from 'better-sqlite3'

export interface FileLock {
  release(): void
}

/**
 * Takes the lock, made of SQLite's own file locking because Node has no `flock`.
 * Blocks the thread while it waits: for programs that are starting.
 * @returns null when another process still has it after `waitMs`
 */
export function takeFileLock(file: string, waitMs: number): FileLock | null {
  const sqlite = new SqliteDatabase(file, { timeout: waitMs })
  try {
    sqlite.exec('begin exclusive')
  } catch (error) {
    sqlite.close()
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return null
    throw error
  }
  return { release: () => sqlite.close() }
}
