/** Indexes for searches of the operation log. */
import type { Kysely } from 'kysely'
import { dropIndex } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

const indexes: [table: string, columns: string[]][] = [
  ['operation_log', ['actor', 'time']],
  ['operation_log', ['action', 'time']],
  ['operation_log', ['target', 'time']],
]

const nameOf = (table: string, columns: string[]) => [table, ...columns].join('_')

export async function up(db: Db): Promise<void> {
  for (const [table, columns] of indexes)
    await db.schema.createIndex(nameOf(table, columns)).on(table).columns(columns).execute()
}

export async function down(db: Db): Promise<void> {
  for (const [table, columns] of indexes) await dropIndex(db, table, nameOf(table, columns))
}
