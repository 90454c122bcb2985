/** Grants remember which code opened them, and stay as a record when they have ended. */
import type { Kysely } from 'kysely'

type Db = Kysely<unknown>

export async function up(db: Db): Promise<void> {
  await db.schema
    .alterTable('grants')
    .addColumn('step', 'bigint', c => c.notNull().defaultTo(0))
    .execute()
  await db.schema
    .alterTable('grants')
    .addColumn('roamed', 'smallint', c => c.notNull().defaultTo(0))
    .execute()
  await db.schema.alterTable('grants').addColumn('ended_at', 'bigint').execute()
}

export async function down(db: Db): Promise<void> {
  for (const column of ['ended_at', 'roamed', 'step']) {
    await db.schema.alterTable('grants').dropColumn(column).execute()
  }
}
