/** Bans with their evidence, exceptions from them, and what guessing leaves behind at a mailbox. */
import { type Kysely, sql } from 'kysely'
import { createTable, dropIndex } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

export async function up(db: Db): Promise<void> {
  await db.schema.alterTable('ip_blacklist').addColumn('evidence', 'text').execute()
  await db.schema.alterTable('ip_blacklist').addColumn('lifted_at', 'bigint').execute()
  await db.schema
    .alterTable('ip_blacklist')
    .addColumn('level', 'integer', c => c.notNull().defaultTo(0))
    .execute()
  await db.schema
    .alterTable('ip_blacklist')
    .addColumn('version', 'bigint', c => c.notNull().defaultTo(0))
    .execute()
  await db.schema.createIndex('ip_blacklist_version').on('ip_blacklist').column('version').execute()
  await db.schema.createIndex('ip_blacklist_cidr').on('ip_blacklist').columns(['cidr', 'starts_at']).execute()
  // Counts the changes of all bans, see lib/ban/manage.ts.
  await sql`insert into system_config (name, value, updated_at) values ('ban_version', '0', 0)`.execute(db)
  // Counts guesses at mailboxes that do not exist, see lib/mailbox/familiar.ts.
  await sql`insert into system_config (name, value, updated_at) values ('unknown_guesses', '0', 0)`.execute(
    db,
  )

  await createTable(db, 'ip_exceptions')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('kind', 'varchar(8)', c => c.notNull())
    .addColumn('cidr', 'varchar(49)', c => c.notNull())
    .addColumn('note', 'text', c => c.notNull())
    .addColumn('author', 'varchar(255)', c => c.notNull())
    .addColumn('created_at', 'bigint', c => c.notNull())
    .addUniqueConstraint('ip_exceptions_place', ['kind', 'cidr'])
    .execute()

  await db.schema
    .alterTable('users')
    .addColumn('guesses', 'integer', c => c.notNull().defaultTo(0))
    .execute()

  await db.schema
    .alterTable('auth_log')
    .addColumn('count', 'integer', c => c.notNull().defaultTo(1))
    .execute()
  await db.schema
    .alterTable('auth_log')
    .addColumn('counters', 'varchar(255)', c => c.notNull().defaultTo(''))
    .execute()
  await db.schema
    .alterTable('auth_log')
    .addColumn('client_network', 'varchar(49)', c => c.notNull().defaultTo(''))
    .execute()
  await db.schema
    .createIndex('auth_log_client_network_time')
    .on('auth_log')
    .columns(['client_network', 'time'])
    .execute()
}

export async function down(db: Db): Promise<void> {
  await dropIndex(db, 'auth_log', 'auth_log_client_network_time')
  for (const column of ['client_network', 'counters', 'count']) {
    await db.schema.alterTable('auth_log').dropColumn(column).execute()
  }
  await db.schema.alterTable('users').dropColumn('guesses').execute()
  await db.schema.dropTable('ip_exceptions').execute()
  await sql`delete from system_config where name in ('ban_version', 'unknown_guesses')`.execute(db)
  await dropIndex(db, 'ip_blacklist', 'ip_blacklist_cidr')
  await dropIndex(db, 'ip_blacklist', 'ip_blacklist_version')
  for (const column of ['version', 'level', 'lifted_at', 'evidence']) {
    await db.schema.alterTable('ip_blacklist').dropColumn(column).execute()
  }
}
