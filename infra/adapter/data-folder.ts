/** The data folder, and the lock that keeps a second gateway out of its database. */
import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openSpool, type Spool } from '../../lib/audit/spool.ts'
import { type FileLock, takeFileLock } from '../../lib/database/file-lock.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { ConfigError } from '../../lib/runtime/config-error.ts'

/** A command that works on the database itself is done by then. */
const lockMs = 5_000

/**
 * Makes the data folder and locks the embedded database, wherever it is and by whichever path it was reached: whoever
 * writes to it beside a running gateway would leave that one's memory wrong. A server's database is nobody's alone.
 * @throws Refusal when another process has it, ConfigError when the folder cannot be used
 */
export function lockDatabase(config: Config): FileLock {
  if (config.database.kind !== 'sqlite') return { release: () => {} }
  const { file } = config.database
  const lock = tryLock(config.dataDir, file)
  if (lock) return lock
  throw new Refusal(
    'conflict',
    'MAILGATEWAY_DATA_DIR',
    `another gateway or command is using ${file}; stop it, or say which one you mean with MAILGATEWAY_DATA_DIR`,
  )
}

function tryLock(dataDir: string, file: string): FileLock | null {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const lockFile = join(realpathSync(dirname(file)), `${basename(file)}.lock`)
    // A lock that others may read they may also hold.
    closeSync(openSync(lockFile, 'a', 0o600))
    return takeFileLock(lockFile, lockMs)
  } catch (error) {
    throw new ConfigError(
      `MAILGATEWAY_DATA_DIR: cannot use ${dirname(file)} (${(error as NodeJS.ErrnoException).code}); name a folder that this user may write to, on a disk with room`,
      { cause: error },
    )
  }
}

/** The embedded database is a disk itself: while that takes nothing, another file on it does not either. */
export function chooseSpool({ database, dataDir, settings }: Config): Spool | undefined {
  return database.kind === 'sqlite' ? undefined : openSpool(join(dataDir, 'spool'), settings.log.spool_max)
}
