/** Statistics beside the auth log: counts per minute and process, roll-ups, tops, active users; and what searches need. */
import type { CreateTableBuilder, Kysely } from 'kysely'
import { createTable, dropIndex } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

/** As in lib/audit/histogram.ts at the time of this migration. */
const buckets = ['1', '2', '5', '10', '20', '50', '100', '200', '500', '1000', '2000', '5000', 'more']

export async function up(db: Db): Promise<void> {
  await db.schema.dropTable('auth_stats').execute()
  await withCounts(
    createTable(db, 'auth_stats')
      .addColumn('minute', 'bigint', c => c.notNull())
      .addColumn('node', 'varchar(64)', c => c.notNull()),
  )
    .addPrimaryKeyConstraint('auth_stats_key', ['minute', 'node', 'protocol', 'result', 'reason'])
    .execute()
  await withCounts(
    createTable(db, 'auth_rollups')
      .addColumn('span', 'varchar(4)', c => c.notNull())
      .addColumn('start', 'bigint', c => c.notNull()),
  )
    .addPrimaryKeyConstraint('auth_rollups_key', ['span', 'start', 'protocol', 'result', 'reason'])
    .execute()

  await createTable(db, 'auth_tops')
    .addColumn('span', 'varchar(4)', c => c.notNull())
    .addColumn('start', 'bigint', c => c.notNull())
    .addColumn('kind', 'varchar(8)', c => c.notNull())
    .addColumn('name', 'varchar(255)', c => c.notNull())
    .addColumn('tried', 'bigint', c => c.notNull())
    .addColumn('failed', 'bigint', c => c.notNull())
    .addPrimaryKeyConstraint('auth_tops_key', ['span', 'start', 'kind', 'name'])
    .execute()

  await createTable(db, 'active_users')
    .addColumn('user', 'varchar(255)', c => c.primaryKey())
    .addColumn('last_success_at', 'bigint', c => c.notNull())
    .execute()
  await db.schema
    .createIndex('active_users_last_success_at')
    .on('active_users')
    .column('last_success_at')
    .execute()

  await db.schema
    .alterTable('auth_log')
    .addColumn('node', 'varchar(64)', c => c.notNull().defaultTo(''))
    .execute()
  for (const columns of searched) await createIndex(db, columns)
  for (const columns of replaced) await dropIndex(db, 'auth_log', indexName(columns))
  await db.schema
    .createIndex('known_networks_last_success_at')
    .on('known_networks')
    .column('last_success_at')
    .execute()
  await db.schema.createIndex('grants_used_at').on('grants').column('used_at').execute()
}

const searched = [
  ['reason', 'protocol', 'time'],
  ['user', 'reason', 'protocol', 'time'],
  ['client_address', 'reason', 'protocol', 'time'],
  ['backend', 'time'],
]
const replaced = [
  ['user', 'time'],
  ['client_address', 'time'],
]
const createIndex = (db: Db, columns: string[]) =>
  db.schema.createIndex(indexName(columns)).on('auth_log').columns(columns).execute()
const indexName = (columns: string[]) => ['auth_log', ...columns].join('_')

function withCounts<Table extends string>(builder: CreateTableBuilder<Table, string>) {
  const base = builder
    .addColumn('protocol', 'varchar(8)', c => c.notNull())
    .addColumn('result', 'varchar(8)', c => c.notNull())
    .addColumn('reason', 'varchar(32)', c => c.notNull())
    .addColumn('count', 'bigint', c => c.notNull())
    .addColumn('duration_sum_ms', 'bigint', c => c.notNull())
  return buckets.reduce((table, edge) => table.addColumn(`ms_${edge}`, 'bigint', c => c.notNull()), base)
}

export async function down(db: Db): Promise<void> {
  await dropIndex(db, 'grants', 'grants_used_at')
  await dropIndex(db, 'known_networks', 'known_networks_last_success_at')
  for (const columns of replaced) await createIndex(db, columns)
  for (const columns of searched) await dropIndex(db, 'auth_log', indexName(columns))
  await db.schema.alterTable('auth_log').dropColumn('node').execute()
  for (const table of ['active_users', 'auth_tops', 'auth_rollups', 'auth_stats']) {
    await db.schema.dropTable(table).execute()
  }
  await createTable(db, 'auth_stats')
    .addColumn('minute', 'bigint', c => c.notNull())
    .addColumn('protocol', 'varchar(8)', c => c.notNull())
    .addColumn('result', 'varchar(8)', c => c.notNull())
    .addColumn('reason', 'varchar(32)', c => c.notNull())
    .addColumn('count', 'bigint', c => c.notNull())
    .addColumn('duration_sum_ms', 'bigint', c => c.notNull())
    .addPrimaryKeyConstraint('auth_stats_key', ['minute', 'protocol', 'result', 'reason'])
    .execute()
}
