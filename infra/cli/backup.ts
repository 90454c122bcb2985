/** Backup and restore of the embedded default: one file holds the database and the master secret. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { readBackup, unpackBackup, writeBackup } from '../../lib/database/backup.ts'
import { readMigrationStatus } from '../../lib/database/migrate.ts'
import { openForReading } from '../../lib/database/open.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { secretFile } from '../../lib/runtime/secrets.ts'
import { migrations } from '../../migrations/index.ts'
import { lockDatabase } from '../adapter/data-folder.ts'

export interface Backup {
  /** Absolute path. */
  file: string
  bytes: number
  /** UTC milliseconds. */
  madeAt: number
  /** Whether the master secret is in it: not when it is kept in MAILGATEWAY_SECRET_KEY. */
  holdsSecret: boolean
}

/**
 * Writes the whole backup, safe on the disk, or nothing. A running gateway does not notice: every login that was
 * answered before has its row in it.
 * @param file absolute path; nothing may be there
 * @throws Refusal when there is nothing to back up or the name is taken; an Error when the file cannot be written
 */
export async function makeBackup(config: Config, file: string): Promise<Backup> {
  const database = embeddedFile(config.database)
  if (!existsSync(database)) {
    throw new Refusal(
      'not_found',
      'MAILGATEWAY_DATA_DIR',
      `there is no database ${database}; say which one you mean with MAILGATEWAY_DATA_DIR`,
    )
  }
  const part = `${file}.part`
  refuseTaken(file, 'give another name: a backup never overwrites anything')
  refuseTaken(part, 'another backup is being written, or was cut off: then remove that file')
  const stamp = { madeAt: Date.now(), secret: readSecret(config) }
  writeFileSync(part, '', { mode: 0o600, flag: 'wx' })
  const clear = () => {
    for (const each of [part, `${part}-journal`]) rmSync(each, { force: true })
  }
  const leave = () => {
    clear()
    // By the signal itself: an orderly exit would wait for the thread that copies.
    process.kill(process.pid, 'SIGINT')
  }
  process.once('SIGINT', leave)
  try {
    await writeBackup(database, part, stamp)
    sync(part)
    // Unlike a renaming it fails when somebody has taken the name meanwhile.
    linkSync(part, file)
  } finally {
    clear()
    process.removeListener('SIGINT', leave)
  }
  sync(dirname(file))
  return { file, bytes: statSync(file).size, madeAt: stamp.madeAt, holdsSecret: stamp.secret !== null }
}

/**
 * Makes database and secret of a backup in a data folder that has neither. Checks the backup first.
 * @throws Refusal when a gateway uses the folder or something is there already; an Error for a damaged backup, or one
 *   of a newer version
 */
export async function restoreBackup(config: Config, file: string): Promise<Backup> {
  const database = embeddedFile(config.database)
  if (!existsSync(file)) throw new Refusal('not_found', 'file', `there is no file ${file}`)
  const { madeAt, secret } = await readBackup(file)
  await refuseNewer(file)
  const lock = lockDatabase(config)
  try {
    await unpack(config.dataDir, database, file, secret)
  } finally {
    lock.release()
  }
  return { file, bytes: statSync(file).size, madeAt, holdsSecret: secret !== null }
}

/** The database comes last, by its name at once: where it stands everything stands. */
async function unpack(dataDir: string, database: string, file: string, secret: string | null): Promise<void> {
  const key = secretFile(dataDir)
  // A log of another database would be applied to this one.
  for (const taken of [database, `${database}-wal`, `${database}-journal`, key])
    refuseTaken(taken, 'restore into an empty data folder: move the old files away')
  const part = `${database}.part`
  writeFileSync(part, '', { mode: 0o600 })
  await unpackBackup(file, part)
  sync(part)
  if (secret !== null) {
    writeFileSync(key, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    sync(key)
    sync(dataDir)
  }
  renameSync(part, database)
  sync(dirname(database))
}

/** @throws Refusal for a database on a server, which has tools of its own for that */
function embeddedFile(database: Config['database']): string {
  if (database.kind === 'sqlite') return database.file
  throw new Refusal(
    'invalid',
    'DATABASE_URL',
    'the database is on a MySQL or MariaDB server: back it up and restore it with mariadb-dump --single-transaction or mysqldump, and keep MAILGATEWAY_SECRET_KEY as safe',
  )
}

async function refuseNewer(file: string): Promise<void> {
  const { db, close } = openForReading(file)
  try {
    await readMigrationStatus(db, migrations)
  } finally {
    await close()
  }
}

function readSecret({ secretKeys, dataDir }: Config): string | null {
  if (secretKeys.length > 0) return null
  const file = secretFile(dataDir)
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const why = 'is missing, and without it a backup could not open what is sealed in it; bring it back first'
  throw new Refusal('not_found', 'MAILGATEWAY_DATA_DIR', `${file} ${why}`)
}

function refuseTaken(file: string, remedy: string): void {
  if (existsSync(file)) throw new Refusal('conflict', 'file', `${file} exists; ${remedy}`)
}

/** Returns when a file, or the entries of a folder, are on the disk. */
function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
