/** Health history of the backends, versions of what people edit, and an index for the list of bans. */
import type { Kysely } from 'kysely'
import { createTable, dropIndex } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

const versioned = ['backends', 'ip_exceptions']

export async function up(db: Db): Promise<void> {
  for (const table of versioned) {
    await db.schema
      .alterTable(table)
      .addColumn('version', 'integer', c => c.notNull().defaultTo(1))
      .execute()
  }

  await createTable(db, 'backend_events')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('backend_id', 'char(36)', c => c.notNull())
    .addColumn('address', 'varchar(45)', c => c.notNull())
    .addColumn('time', 'bigint', c => c.notNull())
    .addColumn('up', 'smallint', c => c.notNull())
    .addColumn('error', 'text')
    .addColumn('node', 'varchar(64)', c => c.notNull())
    .execute()
  await db.schema
    .createIndex('backend_events_backend_id_time_id')
    .on('backend_events')
    .columns(['backend_id', 'time', 'id'])
    .execute()
  await db.schema.createIndex('backend_events_time').on('backend_events').column('time').execute()

  // All that a page of the list and its total look at.
  await db.schema
    .createIndex('ip_blacklist_list')
    .on('ip_blacklist')
    .columns(['starts_at', 'id', 'ends_at', 'lifted_at', 'event_type'])
    .execute()
}

export async function down(db: Db): Promise<void> {
  await dropIndex(db, 'ip_blacklist', 'ip_blacklist_list')
  await db.schema.dropTable('backend_events').execute()
  for (const table of versioned) await db.schema.alterTable(table).dropColumn('version').execute()
}
