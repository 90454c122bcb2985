/** Settings that people change: each row has a version, and one row counts the changes of all, see lib/live-settings. */
import { type Kysely, sql } from 'kysely'

type Db = Kysely<unknown>

export async function up(db: Db): Promise<void> {
  await db.schema
    .alterTable('system_config')
    .addColumn('version', 'bigint', c => c.notNull().defaultTo(0))
    .execute()
  // What an import has brought counts as set once.
  await sql`update system_config set version = 1`.execute(db)
  await sql`insert into system_config (name, value, updated_at) values ('settings_version', '1', 0)`.execute(
    db,
  )
}

export async function down(db: Db): Promise<void> {
  await sql`delete from system_config where name = 'settings_version'`.execute(db)
  await db.schema.alterTable('system_config').dropColumn('version').execute()
}
