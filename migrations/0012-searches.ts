/**
 * One text to search bans in, in the narrow index that their list is read by: a search never reads the table from end to end.
 * And an index in the order of the list for each filter of notifications.
 */
import type { Kysely } from 'kysely'
import { dropIndex } from '../lib/database/dialect.ts'
import { fillSearchText, fold, longest } from './search-text.ts'

type Db = Kysely<unknown>

const filters = ['kind', 'state', 'recipient']
const looked = ['starts_at', 'id', 'ends_at', 'lifted_at', 'event_type']

export async function up(db: Db): Promise<void> {
  await db.schema
    .alterTable('ip_blacklist')
    .addColumn('search_text', `varchar(${longest})`, c => c.notNull().defaultTo(''))
    .execute()
  // As in lib/ban/search-text.ts at the time of this migration.
  const columns = ['cidr', 'author', 'note'] as const
  await fillSearchText(db, 'ip_blacklist', [...columns], row =>
    columns.map(each => fold(row[each])).join('\n'),
  )
  await makeIndex(db, [...looked, 'search_text'])
  for (const filter of filters)
    await db.schema
      .createIndex(`notifications_${filter}_id`)
      .on('notifications')
      .columns([filter, 'id'])
      .execute()
}

export async function down(db: Db): Promise<void> {
  for (const filter of filters) await dropIndex(db, 'notifications', `notifications_${filter}_id`)
  await makeIndex(db, looked)
  await db.schema.alterTable('ip_blacklist').dropColumn('search_text').execute()
}

async function makeIndex(db: Db, columns: string[]): Promise<void> {
  await dropIndex(db, 'ip_blacklist', 'ip_blacklist_list')
  await db.schema.createIndex('ip_blacklist_list').on('ip_blacklist').columns(columns).execute()
}
