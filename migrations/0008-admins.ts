/** What administrators' sign-in needs to know: codes, locks, familiar networks, and where a session came from. */
import { type Kysely, sql } from 'kysely'
import { createTable } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

export async function up(db: Db): Promise<void> {
  for (const column of ['must_change_password', 'totp_confirmed'])
    await db.schema
      .alterTable('admin')
      .addColumn(column, 'smallint', c => c.notNull().defaultTo(0))
      .execute()
  await db.schema
    .alterTable('admin')
    .addColumn('totp_last_step', 'bigint', c => c.notNull().defaultTo(0))
    .execute()
  for (const column of ['locked_until', 'last_signed_in_at'])
    await db.schema.alterTable('admin').addColumn(column, 'bigint').execute()
  await db.schema.alterTable('admin').addColumn('language', 'varchar(2)').execute()
  // Counts the changes of all administrators, see lib/admin/change.ts.
  await sql`insert into system_config (name, value, updated_at) values ('admin_version', '0', 0)`.execute(db)

  await createTable(db, 'admin_networks')
    .addColumn('admin_id', 'char(36)', c => c.notNull())
    .addColumn('network', 'varchar(49)', c => c.notNull())
    .addColumn('last_success_at', 'bigint', c => c.notNull())
    .addColumn('locked_until', 'bigint')
    .addPrimaryKeyConstraint('admin_networks_key', ['admin_id', 'network'])
    .addForeignKeyConstraint('admin_networks_admin', ['admin_id'], 'admin', ['id'], c =>
      c.onDelete('cascade'),
    )
    .execute()

  await db.schema
    .alterTable('sessions')
    .addColumn('client_address', 'varchar(45)', c => c.notNull().defaultTo(''))
    .execute()
  await db.schema
    .alterTable('sessions')
    .addColumn('user_agent', 'varchar(255)', c => c.notNull().defaultTo(''))
    .execute()
}

export async function down(db: Db): Promise<void> {
  for (const column of ['client_address', 'user_agent'])
    await db.schema.alterTable('sessions').dropColumn(column).execute()
  await db.schema.dropTable('admin_networks').execute()
  await sql`delete from system_config where name = 'admin_version'`.execute(db)
  for (const column of [
    'must_change_password',
    'totp_confirmed',
    'totp_last_step',
    'locked_until',
    'last_signed_in_at',
    'language',
  ])
    await db.schema.alterTable('admin').dropColumn(column).execute()
}
