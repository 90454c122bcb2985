/**
 * What lists of mailboxes stand on: one text to search in, and for each order an index that holds all that a filter looks
 * at. A search reads one of these narrow indexes from end to end at worst, never the table.
 */
import { type Kysely, sql } from 'kysely'
import { dropIndex } from '../lib/database/dialect.ts'
import { fillSearchText, fold, longest } from './search-text.ts'

type Db = Kysely<unknown>

/** MySQL takes 3072 bytes for all columns of an index, four for each character: these have 3026 at most. */
const orders = {
  users_by_name: [],
  users_by_owner: ['owner'],
  users_by_created_at: ['created_at'],
  users_by_updated_at: ['updated_at'],
}
const looked = ['search_text', 'enabled', 'totp', 'pool', 'id']

export async function up(db: Db): Promise<void> {
  await db.schema
    .alterTable('users')
    .addColumn('search_text', `varchar(${longest})`, c => c.notNull().defaultTo(''))
    .execute()
  await fillSearchText(db, 'users', ['name', 'login', 'owner'], searchTextOf)
  await db.schema
    .alterTable('users')
    .addColumn('totp', 'smallint', c => c.notNull().defaultTo(0))
    .execute()
  await sql`update users set totp = case when totp_confirmed = 1 then 2 else 1 end
    where totp_secret is not null`.execute(db)
  for (const [name, leading] of Object.entries(orders))
    await db.schema
      .createIndex(name)
      .on('users')
      .columns([...leading, ...looked])
      .execute()
  // For those whom many guesses have shut.
  await db.schema.createIndex('users_guesses').on('users').column('guesses').execute()
  await dropIndex(db, 'users', 'users_owner')
}

export async function down(db: Db): Promise<void> {
  await db.schema.createIndex('users_owner').on('users').column('owner').execute()
  for (const name of ['users_guesses', ...Object.keys(orders)]) await dropIndex(db, 'users', name)
  for (const column of ['totp', 'search_text'])
    await db.schema.alterTable('users').dropColumn(column).execute()
}

/** As in lib/mailbox/search-text.ts at the time of this migration. */
function searchTextOf({ name, login, owner }: Record<'name' | 'login' | 'owner', string>): string {
  const typed = fold(login) === name ? '' : ` ${fold(login)}`
  return `${name}\n${fold(owner)}${typed}`
}
