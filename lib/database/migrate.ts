/** Moving the schema up and down, and saying where it stands. */
import { sql } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, type Migration, type MigrationResultSet, Migrator } from 'kysely/migration'
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
 *   statement fails; then nothing of the step has been done.
 */
export async function migrateUp(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStep[]> {
  return finish(await (await openMigrator(db, migrations)).migrateToLatest())
}

/** Takes back the newest applied migration, with its tables and their rows. */
export async function migrateDown(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStep[]> {
  return finish(await (await openMigrator(db, migrations)).migrateDown())
}

export async function readMigrationStatus(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStatus[]> {
  const known = await (await openMigrator(db, migrations)).getMigrations()
  return known.map(({ name, executedAt }) => ({ name, appliedAt: executedAt?.toISOString() ?? null }))
}

function finish({ error, results = [] }: MigrationResultSet): MigrationStep[] {
  if (error) throw error
  return results.map(({ migrationName, direction }) => ({ name: migrationName, direction }))
}
