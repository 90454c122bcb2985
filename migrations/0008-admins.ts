/** What administrators' sign-in needs to know. */
import type { Kysely } from 'kysely'

type Db = Kysely<unknown>

export async function up(db: Db): Promise<void> {
  await db.schema
    .alterTable('admin')
    .addColumn('must_change_password', 'smallint', c => c.notNull().defaultTo(0))
    .execute()
}

export async function down(db: Db): Promise<void> {
  await db.schema.alterTable('admin').dropColumn('must_change_password').execute()
}
