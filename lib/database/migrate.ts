/** Moving the schema up and down, and saying where it stands. */
import { type Migration, type MigrationResultSet, Migrator } from 'kysely/migration'
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

const createMigrator = (db: Database, migrations: Record<string, Migration>) =>
  new Migrator({ db, provider: { getMigrations: async () => migrations } })

/**
 * Applies all that is missing, in one transaction where the database allows it. Answers what was done.
 * @throws when the database holds a migration that this version does not know (a newer version was here), or a
 *   statement fails; then nothing of the step has been done.
 */
export async function migrateUp(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStep[]> {
  return finish(await createMigrator(db, migrations).migrateToLatest())
}

/** Takes back the newest applied migration, with its tables and their rows. */
export async function migrateDown(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStep[]> {
  return finish(await createMigrator(db, migrations).migrateDown())
}

export async function readMigrationStatus(
  db: Database,
  migrations: Record<string, Migration>,
): Promise<MigrationStatus[]> {
  const known = await createMigrator(db, migrations).getMigrations()
  return known.map(({ name, executedAt }) => ({ name, appliedAt: executedAt?.toISOString() ?? null }))
}

function finish({ error, results = [] }: MigrationResultSet): MigrationStep[] {
  if (error) throw error
  return results.map(({ migrationName, direction }) => ({ name: migrationName, direction }))
}
