/** Reading the auth log page by page, by key. */
import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import type { Database, Tables } from '../database/schema.ts'
import type { Paths } from './paths.ts'

export type LoggedAttempt = Selectable<Tables['auth_log']>

/** The place of a row in the order of a search. */
export type Mark = Pick<LoggedAttempt, 'time' | 'request_id'>

interface Range {
  /** UTC milliseconds, edges included. */
  since?: number
  until?: number
  /** The page behind this row; null = the first. */
  last: Mark | null
  limit: number
}

/** Newest first, the later id first at one time. */
export async function readPage(
  logDb: Database,
  { by, filter }: Paths,
  range: Range,
): Promise<LoggedAttempt[]> {
  const [first, ...more] = by.map(leading => selectPath(logDb, leading, filter, range))
  if (!first) return []
  if (more.length === 0) return first.selectAll().execute()
  // Every path gives a page of keys; the rows are fetched of those that make up the page of all.
  const keys = [first, ...more].map((path, i) =>
    logDb.selectFrom(path.select(['time', 'request_id']).as(`path_${i}`)).selectAll(),
  )
  const page = await keys
    .reduce((all, path) => all.unionAll(path))
    .orderBy('time', 'desc')
    .orderBy('request_id', 'desc')
    .limit(range.limit)
    .execute()
  if (page.length === 0) return []
  const rows = await logDb
    .selectFrom('auth_log')
    .selectAll()
    .where(
      'request_id',
      'in',
      page.map(({ request_id }) => request_id),
    )
    .execute()
  const rowOf = new Map(rows.map(row => [row.request_id, row]))
  // Retention may have deleted one meanwhile.
  return page.flatMap(({ request_id }) => rowOf.get(request_id) ?? [])
}

type Conditions = ExpressionBuilder<Tables, 'auth_log'>

function selectPath(logDb: Database, by: Paths['by'][number], filter: Paths['filter'], range: Range) {
  const { since, until, last, limit } = range
  return logDb
    .selectFrom('auth_log')
    .where(eb =>
      eb.and(
        Object.entries(withoutGaps(by)).map(([column, value]) => eb(sql.ref<string>(column), '=', value)),
      ),
    )
    .where(eb =>
      eb.and(Object.entries(withoutGaps(filter)).map(([column, value]) => matches(eb, column, value))),
    )
    .$if(since !== undefined, q => q.where('time', '>=', since!))
    .$if(until !== undefined, q => q.where('time', '<=', until!))
    .$if(last !== null, q =>
      q
        // For the index; MySQL takes no row of values for a range.
        .where('time', '<=', last!.time)
        .where(eb => eb(eb.refTuple('time', 'request_id'), '<', eb.tuple(last!.time, last!.request_id))),
    )
    .orderBy('time', 'desc')
    .orderBy('request_id', 'desc')
    .limit(limit)
}

/** In a form that no database uses an index for: it would choose one by the number of conditions, and sort what it finds. */
function matches(eb: Conditions, column: string, value: string | string[]) {
  const seen = eb.fn.coalesce(sql.ref<string>(column), sql.lit(''))
  return Array.isArray(value) ? eb(seen, 'in', value) : eb(seen, '=', value)
}

/** Without the keys that are undefined. */
export function withoutGaps<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never
}
