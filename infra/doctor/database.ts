/** The database: whole, of this version, writable. Read through a connection of our own, so no gateway is needed. */
import { existsSync } from 'node:fs'
import { sql } from 'kysely'
import { readBackends } from '../../lib/backend/snapshot.ts'
import { readMigrationStatus } from '../../lib/database/migrate.ts'
import { openDatabase, openForReading } from '../../lib/database/open.ts'
import type { BackendRow, Database } from '../../lib/database/schema.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { migrations } from '../../migrations/index.ts'
import { fail, type Note, ok, warn } from './finding.ts'
import type { SelfCheck } from './self-check.ts'

/** What other groups need to know from it. Times are UTC milliseconds, null = there is none. */
export interface Records {
  backends: BackendRow[]
  newestAt: number | null
  /** Of the newest attempt to log in: not of mail without a login, as the doctor's own question is one. */
  newestLoginAt: number | null
}

const damaged =
  'stop the gateway, move the data folder away, and put the newest backup into an empty one: mailgateway restore FILE'

interface Found {
  notes: Note[]
  /** null when the database cannot be read. */
  records: Records | null
}

export function checkDatabase(config: Config, gateway: SelfCheck | null): Promise<Found> {
  const { database } = config
  return database.kind === 'sqlite' ? checkFile(database.file, gateway) : checkServer(config, gateway)
}

async function checkFile(file: string, gateway: SelfCheck | null): Promise<Found> {
  if (!existsSync(file)) {
    const notes = [fail(`${file} is not there`, 'start the gateway once, or restore a backup')]
    return { notes, records: null }
  }
  const { db, close } = openForReading(file)
  try {
    return await look(db, gateway, await checkPages(db, file))
  } catch (error) {
    const notes = [fail(`${file} cannot be read: ${(error as Error).message}`, damaged)]
    return { notes, records: null }
  } finally {
    await close()
  }
}

async function checkServer(config: Config, gateway: SelfCheck | null): Promise<Found> {
  const { database, settings } = config
  try {
    const { logDb, close } = await openDatabase(database, settings.database)
    try {
      return await look(logDb, gateway, ok('its server answers'))
    } finally {
      await close()
    }
  } catch (error) {
    const notes = [
      fail(
        (error as Error).message,
        'bring it back, or correct the setting: only remembered users log in, and for a short while',
      ),
    ]
    return { notes, records: null }
  }
}

async function look(db: Database, gateway: SelfCheck | null, first: Note): Promise<Found> {
  const notes = [first, await checkMigrations(db, gateway), ...checkWriting(gateway)]
  return { notes, records: await readRecords(db) }
}

async function checkPages(db: Database, file: string): Promise<Note> {
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check(1)`.execute(db)
  const answer = rows[0]?.quick_check
  return answer === 'ok' ? ok(`${file} is whole`) : fail(`${file} is damaged: ${answer}`, damaged)
}

async function checkMigrations(db: Database, gateway: SelfCheck | null): Promise<Note> {
  const missing = (await readMigrationStatus(db, migrations)).filter(({ appliedAt }) => appliedAt === null)
  if (missing.length === 0) return ok('its schema is that of this version')
  const found = `it lacks ${missing.map(({ name }) => name).join(', ')}`
  return gateway
    ? fail(found, 'the running gateway is of an older version: restart it')
    : warn(found, 'back up, then start the gateway: it brings the schema up to date')
}

function checkWriting(gateway: SelfCheck | null): Note[] {
  if (gateway === null) return []
  if (gateway.database === null) return [ok('the gateway can write to it')]
  return [
    fail(`the gateway cannot write to it: ${gateway.database}`, 'see the data folder below, and the log'),
  ]
}

async function readRecords(db: Database): Promise<Records> {
  const newest = db.selectFrom('auth_log').select('time').orderBy('time', 'desc').limit(1)
  const [row, login] = [
    await newest.executeTakeFirst(),
    await newest.where('method', '!=', 'none').executeTakeFirst(),
  ]
  return {
    backends: await readBackends(db),
    newestAt: row?.time ?? null,
    newestLoginAt: login?.time ?? null,
  }
}
