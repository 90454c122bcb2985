/**
 * Every table of the first version. Types are those that SQLite, MySQL 8 and MariaDB read alike: times and
 * counters bigint, flags smallint, ids char(36), names varchar(255) in binary collation.
 */
import { type Kysely, sql } from 'kysely'
import { createTable } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

export async function up(db: Db): Promise<void> {
  await createTable(db, 'users')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('name', 'varchar(255)', c => c.notNull().unique())
    .addColumn('login', 'varchar(255)', c => c.notNull())
    .addColumn('domain', 'varchar(255)', c => c.notNull())
    .addColumn('password_hash', 'varchar(255)', c => c.notNull())
    .addColumn('owner', 'varchar(255)', c => c.notNull())
    .addColumn('enabled', 'smallint', c => c.notNull())
    .addColumn('protocols', 'varchar(64)', c => c.notNull())
    .addColumn('pool', 'varchar(64)')
    .addColumn('version', 'bigint', c => c.notNull())
    .addColumn('credential_version', 'bigint', c => c.notNull())
    .addColumn('totp_secret', 'varchar(255)')
    .addColumn('totp_confirmed', 'smallint', c => c.notNull().defaultTo(0))
    .addColumn('totp_last_step', 'bigint', c => c.notNull().defaultTo(0))
    .addColumn('created_at', 'bigint', c => c.notNull())
    .addColumn('updated_at', 'bigint', c => c.notNull())
    .execute()
  await index(db, 'users', ['domain', 'name'])
  await index(db, 'users', ['owner'])

  await createTable(db, 'admin')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('username', 'varchar(255)', c => c.notNull().unique())
    .addColumn('password_hash', 'varchar(255)', c => c.notNull())
    .addColumn('role', 'varchar(16)', c => c.notNull())
    .addColumn('enabled', 'smallint', c => c.notNull())
    .addColumn('totp_secret', 'varchar(255)')
    .addColumn('version', 'bigint', c => c.notNull())
    .addColumn('created_at', 'bigint', c => c.notNull())
    .addColumn('updated_at', 'bigint', c => c.notNull())
    .execute()

  await createTable(db, 'auth_log')
    .addColumn('request_id', 'char(36)', c => c.primaryKey())
    .addColumn('time', 'bigint', c => c.notNull())
    .addColumn('user', 'varchar(255)', c => c.notNull())
    .addColumn('client_address', 'varchar(45)', c => c.notNull())
    .addColumn('protocol', 'varchar(8)', c => c.notNull())
    .addColumn('method', 'varchar(16)', c => c.notNull())
    .addColumn('result', 'varchar(8)', c => c.notNull())
    .addColumn('reason', 'varchar(32)', c => c.notNull())
    .addColumn('backend', 'varchar(300)')
    .addColumn('duration_ms', 'integer', c => c.notNull())
    .addColumn('attempt', 'integer', c => c.notNull())
    .addColumn('tls', 'varchar(16)', c => c.notNull())
    .execute()
  await index(db, 'auth_log', ['time'])
  await index(db, 'auth_log', ['user', 'time'])
  await index(db, 'auth_log', ['client_address', 'time'])

  await createTable(db, 'operation_log')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('time', 'bigint', c => c.notNull())
    .addColumn('actor', 'varchar(255)', c => c.notNull())
    .addColumn('action', 'varchar(64)', c => c.notNull())
    .addColumn('target', 'varchar(255)', c => c.notNull())
    .addColumn('result', 'varchar(8)', c => c.notNull())
    .addColumn('client_address', 'varchar(45)', c => c.notNull())
    .addColumn('detail', 'text', c => c.notNull())
    .execute()
  await index(db, 'operation_log', ['time'])

  await createTable(db, 'system_config')
    .addColumn('name', 'varchar(64)', c => c.primaryKey())
    .addColumn('value', 'text', c => c.notNull())
    .addColumn('updated_at', 'bigint', c => c.notNull())
    .execute()
  // Counts the changes of all mailboxes, see lib/mailbox/manage.ts.
  await sql`insert into system_config (name, value, updated_at) values ('mailbox_version', '0', 0)`.execute(
    db,
  )

  await createTable(db, 'ip_blacklist')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('cidr', 'varchar(49)', c => c.notNull())
    .addColumn('event_type', 'varchar(32)', c => c.notNull())
    .addColumn('note', 'text', c => c.notNull())
    .addColumn('author', 'varchar(255)', c => c.notNull())
    .addColumn('starts_at', 'bigint', c => c.notNull())
    .addColumn('ends_at', 'bigint')
    .execute()
  await index(db, 'ip_blacklist', ['ends_at'])

  await createTable(db, 'backends')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('protocol', 'varchar(8)', c => c.notNull())
    .addColumn('host', 'varchar(255)', c => c.notNull())
    .addColumn('port', 'integer', c => c.notNull())
    .addColumn('weight', 'integer', c => c.notNull())
    .addColumn('tier', 'integer', c => c.notNull())
    .addColumn('domain', 'varchar(255)')
    .addColumn('pool', 'varchar(64)')
    .addColumn('state', 'varchar(16)', c => c.notNull())
    .addColumn('created_at', 'bigint', c => c.notNull())
    .addColumn('updated_at', 'bigint', c => c.notNull())
    .addUniqueConstraint('backends_place', ['protocol', 'host', 'port'])
    .execute()

  await createTable(db, 'auth_stats')
    .addColumn('minute', 'bigint', c => c.notNull())
    .addColumn('protocol', 'varchar(8)', c => c.notNull())
    .addColumn('result', 'varchar(8)', c => c.notNull())
    .addColumn('reason', 'varchar(32)', c => c.notNull())
    .addColumn('count', 'bigint', c => c.notNull())
    .addColumn('duration_sum_ms', 'bigint', c => c.notNull())
    .addPrimaryKeyConstraint('auth_stats_key', ['minute', 'protocol', 'result', 'reason'])
    .execute()

  await createTable(db, 'grants')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('user_id', 'char(36)', c => c.notNull())
    .addColumn('digest', 'char(43)', c => c.notNull())
    .addColumn('credential_version', 'bigint', c => c.notNull())
    .addColumn('network', 'varchar(49)', c => c.notNull())
    .addColumn('created_at', 'bigint', c => c.notNull())
    .addColumn('used_at', 'bigint', c => c.notNull())
    .addUniqueConstraint('grants_place', ['user_id', 'digest', 'network'])
    .addForeignKeyConstraint('grants_users', ['user_id'], 'users', ['id'], c => c.onDelete('cascade'))
    .execute()

  await createTable(db, 'known_networks')
    .addColumn('user_id', 'char(36)', c => c.notNull())
    .addColumn('network', 'varchar(49)', c => c.notNull())
    .addColumn('last_success_at', 'bigint', c => c.notNull())
    .addPrimaryKeyConstraint('known_networks_key', ['user_id', 'network'])
    .addForeignKeyConstraint('known_networks_users', ['user_id'], 'users', ['id'], c => c.onDelete('cascade'))
    .execute()

  await createTable(db, 'sessions')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('admin_id', 'char(36)', c => c.notNull())
    .addColumn('refresh_digest', 'char(43)', c => c.notNull())
    .addColumn('created_at', 'bigint', c => c.notNull())
    .addColumn('used_at', 'bigint', c => c.notNull())
    .addColumn('ends_at', 'bigint', c => c.notNull())
    .addForeignKeyConstraint('sessions_admin', ['admin_id'], 'admin', ['id'], c => c.onDelete('cascade'))
    .execute()
}

/** Children before their parents. */
const tables = [
  'sessions',
  'known_networks',
  'grants',
  'auth_stats',
  'backends',
  'ip_blacklist',
  'system_config',
  'operation_log',
  'auth_log',
  'admin',
  'users',
]

export async function down(db: Db): Promise<void> {
  for (const name of tables) await db.schema.dropTable(name).execute()
}

async function index(db: Db, name: string, columns: string[]): Promise<void> {
  await db.schema
    .createIndex([name, ...columns].join('_'))
    .on(name)
    .columns(columns)
    .execute()
}
