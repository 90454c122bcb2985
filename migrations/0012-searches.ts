/**
 * One text to search bans in, in the narrow index that their list is read by: a search never reads the table from end to end.
 * And an index in the order of the list for each filter of notifications.
 */
import { type Kysely, sql } from 'kysely'
import { dropIndex } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

/** As in lib/ban/search-text.ts at the time of this migration. */
const longest = 400
const fold = (text: string) =>
  text
    .toLowerCase()
    .normalize('NFC')
    .replace(/[\x00-\x1f\x7f]/g, ' ')

const filters = ['kind', 'state', 'recipient']
const looked = ['starts_at', 'id', 'ends_at', 'lifted_at', 'event_type']

export async function up(db: Db): Promise<void> {
  await db.schema
    .alterTable('ip_blacklist')
    .addColumn('search_text', `varchar(${longest})`, c => c.notNull().defaultTo(''))
    .execute()
  await fillSearchText(db)
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

interface Row {
  id: string
  cidr: string
  author: string
  note: string
}

const rowsAtOnce = 500

async function fillSearchText(db: Db): Promise<void> {
  for (let after = ''; ; ) {
    const { rows } = await sql<Row>`select id, cidr, author, note from ip_blacklist where id > ${after}
      order by id limit ${sql.lit(rowsAtOnce)}`.execute(db)
    if (rows.length === 0) return
    after = rows.at(-1)!.id
    const cases = rows.map(row => sql`when ${row.id} then ${searchTextOf(row)}`)
    const ids = rows.map(({ id }) => id)
    await sql`update ip_blacklist set search_text = case id ${sql.join(cases, sql` `)} end
      where id in (${sql.join(ids)})`.execute(db)
  }
}

const searchTextOf = ({ cidr, author, note }: Row) =>
  Array.from([cidr, author, note].map(fold).join('\n')).slice(0, longest).join('')
