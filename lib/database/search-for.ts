/** A text looked for in columns of short tables, which are read whole; for long ones see lib/mailbox/search-text.ts. */
import { type RawBuilder, sql } from 'kysely'

/** Whether one of the columns has the text in it; capitals do not count, of letters beyond ASCII on MySQL only. */
export function searchFor(text: string, columns: string[]): RawBuilder<boolean> {
  const typed = `%${text.replace(/[!%_]/g, '!$&')}%`
  const lowered = columns.map(column => sql`lower(${sql.ref(column)}) like ${typed.toLowerCase()} escape '!'`)
  // SQLite lowers ASCII only: other letters are found as they are written.
  const asWritten = /[^\x00-\x7f]/.test(typed)
    ? columns.map(column => sql`${sql.ref(column)} like ${typed} escape '!'`)
    : []
  return sql<boolean>`(${sql.join([...lowered, ...asWritten], sql` or `)})`
}
