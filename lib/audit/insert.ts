/** The insert that every login waits for a share of: its text is built once per number of rows, not once per batch. */
import { CompiledQuery } from 'kysely'
import { larger, orChange } from '../database/dialect.ts'
import type { AuthLogRow, Database } from '../database/schema.ts'

const defaults = { count: 1, counters: '', client_network: '', node: '' }

const columns = [
  'request_id',
  'time',
  'user',
  'client_address',
  'protocol',
  'method',
  'result',
  'reason',
  'backend',
  'duration_ms',
  'attempt',
  'tls',
  'count',
  'counters',
  'client_network',
  'node',
] as const satisfies (keyof AuthLogRow)[]

/**
 * @param kind `over`: those that stand already stay, and get the count where it is the larger one. To be repeated as
 *   often as nobody knows whether it was done.
 * @returns what inserts rows of the auth log in one statement: all of them, or none
 */
export function createInsert(db: Database, kind: 'new' | 'over'): (rows: AuthLogRow[]) => Promise<void> {
  const over = kind === 'over'

  const texts = new Map<number, string>()
  const textFor = (rows: AuthLogRow[]) => {
    const known = texts.get(rows.length)
    if (known !== undefined) return known
    // Kysely writes the columns in the order of the first row's fields.
    const anyRow = Object.fromEntries(columns.map(name => [name, null])) as unknown as AuthLogRow
    const { sql } = db
      .insertInto('auth_log')
      .values(rows.map(() => anyRow))
      .$if(over, insert => insert.$call(orChange(db, ['request_id'], { count: larger(db, 'count') })))
      .compile()
    texts.set(rows.length, sql)
    return sql
  }
  return async rows => {
    const values = rows.flatMap(row => {
      const full = { ...defaults, ...row }
      return columns.map(name => full[name])
    })
    await db.executeQuery(CompiledQuery.raw(textFor(rows), values))
  }
}
