/**
 * A backup of the embedded database is an SQLite database as well, in one file: the same tables, and a stamp with the
 * master secret, without which the sealed values in the rows are lost.
 */
import SqliteDatabase from 'better-sqlite3'
import { sql } from 'kysely'
import { openForReading } from './open.ts'

export interface Stamp {
  /** UTC milliseconds. */
  madeAt: number
  /** What stood in secret.key; null = the master secret is kept elsewhere. */
  secret: string | null
}

/** Only backups have it. */
const stampTable = 'mailgateway_backup'

/**
 * Writes the database as it stands at this moment, and the stamp. Other processes go on reading and committing
 * meanwhile and wait for nothing; what they commit from now on is not in it. The work is done in a thread.
 * @param target an empty file; its mode stays
 * @throws an Error when the database cannot be read, the disk is full, or the copy does not pass its check
 */
export async function writeBackup(file: string, target: string, { madeAt, secret }: Stamp): Promise<void> {
  await copyDatabase(file, target)
  change(target, copy => {
    copy.exec(`create table ${stampTable} (made_at integer not null, secret text)`)
    copy.prepare(`insert into ${stampTable} values (?, ?)`).run(madeAt, secret)
  })
  await readBackup(target)
}

/**
 * Checks every page, row and index of a backup, and reads its stamp.
 * @throws an Error of one line when it is damaged, or no backup
 */
export async function readBackup(file: string): Promise<Stamp> {
  const { db, close } = openForReading(file)
  try {
    const checks = await sql<{ integrity_check: string }>`pragma integrity_check(1)`.execute(db)
    const [problem] = checks.rows.map(row => row.integrity_check).filter(text => text !== 'ok')
    if (problem !== undefined) throw new Error(problem)
    const stamps = await sql<{ made_at: number; secret: string | null }>`
      select made_at, secret from ${sql.table(stampTable)}`.execute(db)
    const { made_at, secret } = stamps.rows[0]!
    return { madeAt: made_at, secret }
  } catch (error) {
    const { message } = error as Error
    const why = message.includes(stampTable) ? 'it was not made by mailgateway backup' : message
    throw new Error(`${file} is no sound backup: ${why}`, { cause: error })
  } finally {
    await close()
  }
}

/**
 * Makes a database of a backup: its copy without the stamp.
 * @param target an empty file; its mode stays
 */
export async function unpackBackup(file: string, target: string): Promise<void> {
  await copyDatabase(file, target)
  change(target, copy => {
    // Else the secret would stay readable in a page that is not used any more.
    copy.pragma('secure_delete = ON')
    copy.exec(`drop table ${stampTable}`)
  })
}

async function copyDatabase(file: string, target: string): Promise<void> {
  const { db, close } = openForReading(file)
  try {
    await sql`vacuum into ${target}`.execute(db)
  } finally {
    await close()
  }
}

function change(file: string, work: (copy: SqliteDatabase.Database) => void): void {
  const copy = new SqliteDatabase(file)
  try {
    work(copy)
  } finally {
    copy.close()
  }
}
