/** Which names are locked or shut, to be listed: the hot state cannot be searched. */
import type { Kysely } from 'kysely'
import { createTable } from '../lib/database/dialect.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTable(db, 'locked_names')
    .addColumn('name', 'varchar(255)', c => c.primaryKey())
    .addColumn('ends_at', 'bigint', c => c.notNull())
    .execute()
  await db.schema.createIndex('locked_names_ends_at').on('locked_names').column('ends_at').execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('locked_names').execute()
}
