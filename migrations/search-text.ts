/** For migrations that add one text to search in. It stays as it was when they were made, as they do. */
import { type Kysely, sql } from 'kysely'

/** Characters that `search_text` takes. */
export const longest = 400
const rowsAtOnce = 500

/** As in lib/fold.ts at the time of these migrations. */
export const fold = (text: string) =>
  text
    .toLowerCase()
    .normalize('NFC')
    .replace(/[\x00-\x1f\x7f]/g, ' ')

/**
 * Fills `search_text` in every row of a table whose key is `id`.
 * @param textOf of the values of the columns; what is too long is cut
 */
export async function fillSearchText<Column extends string>(
  db: Kysely<unknown>,
  table: string,
  columns: Column[],
  textOf: (row: Record<Column, string>) => string,
): Promise<void> {
  const wanted = sql.join(['id', ...columns].map(column => sql.ref(column)))
  for (let after = ''; ; ) {
    const { rows } = await sql<Record<Column | 'id', string>>`select ${wanted} from ${sql.table(table)}
      where id > ${after} order by id limit ${sql.lit(rowsAtOnce)}`.execute(db)
    if (rows.length === 0) return
    after = rows.at(-1)!.id
    const cases = rows.map(
      row => sql`when ${row.id} then ${Array.from(textOf(row)).slice(0, longest).join('')}`,
    )
    const ids = rows.map(({ id }) => id)
    await sql`update ${sql.table(table)} set search_text = case id ${sql.join(cases, sql` `)} end
      where id in (${sql.join(ids)})`.execute(db)
  }
}
