/** The schema of this version. Apart from the services: most functions of the cloud leave it to another one. */
import { migrations } from '../../migrations/index.ts'
import { type MigrationStep, migrateUp } from '../database/migrate.ts'
import type { Database } from '../database/schema.ts'

/** Applies what is missing. @throws an Error of one line when the database is of a newer version, or a step fails */
export const bringUpSchema = (db: Database): Promise<MigrationStep[]> => migrateUp(db, migrations)
