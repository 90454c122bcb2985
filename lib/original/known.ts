/** Which rows of the original are here already: their ids are made from it. */
import { sql } from 'kysely'
import type { Database } from '../database/schema.ts'

const idColumns = { ip_blacklist: 'id', auth_log: 'request_id', operation_log: 'id' } as const

/** @returns those of the ids that the table has */
export async function findKnown(
  db: Database,
  table: keyof typeof idColumns,
  ids: string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const id = sql.ref<string>(idColumns[table])
  const rows = await db.selectFrom(table).select(id.as('id')).where(id, 'in', ids).execute()
  return new Set(rows.map(row => row.id))
}
