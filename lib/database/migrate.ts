/** Moving the schema up and down, and saying where it stands. */
import { sql } from 'kysely'
import {
  DEFAULT_MIGRATION_TABLE,
  type Migration,
  type MigrationResult,
  type MigrationResultSet,
  Migrator,
} from 'kysely/migration'
import { isDenied, neededRights } from './dialect.ts'
import type { Database } from './schema.ts'

export interface MigrationStatus {
  name: string
  /** When it was applied; null = not yet. */
  appliedAt: string | null
}

export interface MigrationStep {
  name: string
  direction: 'Up' | 'Down'
}

async function openMigrator(db: Database, migrations: Record<string, Migration>): Promise<Migrator> {
  await refuseNewer(db, migrations)
  return new Migrator({ db, provider: { getMigrations: async () => migrations } })
}

async function refuseNewer(db: Database, migrations: Record<string, Migration>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return
  const { rows } = await sql<{
    name: string
  }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(db)
  const unknown = rows.find(({ name }) => !Object.hasOwn(migrations, name))
  if (!unknown) return
  throw new Error(
    `the database was made by a newer version: this one does not know its migration ${unknown.name}; run that version, or restore a backup made before it`,
  )
}

/**
 * Applies all that is missing, in one transaction where the database allows it. Answers what was done.
 * @throws when the database holds a migration that this version does not know (a newer version was here), or a
 *   statement fails; then nothing of it has been done, or, where the database takes no table back, the message says so.
 */
export async function migrateUp(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStep[]> {
  return finish(await (await openMigrator(db, migrations)).migrateToLatest(), db)
}

/** Takes back the newest applied migration, with its tables and their rows. */
export async function migrateDown(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStep[]> {
  return finish(await (await openMigrator(db, migrations)).migrateDown(), db)
}

export async function readMigrationStatus(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStatus[]> {
  const known = await (await openMigrator(db, migrations)).getMigrations()
  return known.map(({ name, executedAt }) => ({ name, appliedAt: executedAt?.toISOString() ?? null }))
}

function finish({ error, results = [] }: MigrationResultSet, db: Database): MigrationStep[] {
  if (error) throw describeFailure(error as Error, results, db)
  return results.map(({ migrationName, direction }) => ({ name: migrationName, direction }))
}

function describeFailure(error: Error, results: MigrationResult[], db: Database): Error {
  const failed = results.find(({ status }) => status === 'Error')?.migrationName
  const stays = failed !== undefined && !db.getExecutor().adapter.supportsTransactionalDdl
  if (!stays && !isDenied(error)) return error
  const why = isDenied(error)
    ? `database.user (DATABASE_URL): ${error.message}; grant it ${neededRights}`
    : error.message
  const left = `; migration ${failed} may have stopped half way, which this kind of database does not take back: bring back a dump made before it, or begin with an empty database`
  return new Error(stays ? why + left : why, { cause: error })
}
