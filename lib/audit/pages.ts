/** Reading the auth log stretch by stretch, by key. */
import { type Selectable, sql } from 'kysely'
import { z } from 'zod'
import type { Database, Tables } from '../database/schema.ts'
import { isBefore, type Mark, type Stretch } from '../pages.ts'
import type { Path } from './paths.ts'

export type LoggedAttempt = Selectable<Tables['auth_log']>

/** An auth attempt, as in `auth_log`. */
export const loggedAttempt = z.strictObject({
  request_id: z.string(),
  /** UTC milliseconds. */
  time: z.int(),
  user: z.string(),
  client_address: z.string(),
  protocol: z.string(),
  method: z.string(),
  result: z.enum(['success', 'failed']),
  /** A code of lib/login/reasons.ts. */
  reason: z.string(),
  /** `host:port`; null = none was chosen. */
  backend: z.string().nullable(),
  duration_ms: z.int(),
  attempt: z.int(),
  tls: z.string(),
  /** Attempts that the row stands for. */
  count: z.int(),
  /** Where the counters of guessing stood, such as `user 3/5`. */
  counters: z.string(),
  client_network: z.string(),
  /** The process that decided. */
  node: z.string(),
})

export interface Range {
  /** UTC milliseconds, edges included. */
  since?: number
  until?: number
}

export const markOf = ({ time, request_id }: Pick<LoggedAttempt, 'time' | 'request_id'>): Mark => ({
  time,
  id: request_id,
})

/**
 * Newest first, the later id first at one time. It may be fewer than the limit though there are more.
 * @param paths that have no row in common
 * @param after the rows behind this one; null = from the newest on
 */
export async function readStretch(
  logDb: Database,
  paths: Path[],
  range: Range,
  after: Mark | null,
  limit: number,
): Promise<Stretch<LoggedAttempt>> {
  const [first, ...more] = paths.map(path => selectPath(logDb, path, range, after, shareOf(paths, limit)))
  if (!first) return { rows: [], end: null }
  if (more.length === 0) {
    const rows = await first.selectAll().execute()
    return { rows, end: rows.length < limit ? null : markOf(rows.at(-1)!) }
  }
  // Every path gives some keys; the rows are fetched of those that come first among all.
  const keys = [first, ...more].map((path, i) =>
    logDb
      .selectFrom(path.select(['time', 'request_id']).as(`path_${i}`))
      .select(['time', 'request_id', sql.lit(i).as('path')]),
  )
  const found = await keys.reduce((all, path) => all.unionAll(path)).execute()
  const { ids, end } = takeFirst(found, shareOf(paths, limit), limit)
  return { rows: await readRows(logDb, ids), end }
}

/** Of many paths most have nothing in a stretch: what they would give in full were not wanted. */
function shareOf(paths: Path[], limit: number): number {
  return paths.length === 1 ? limit : Math.max(8, Math.ceil((8 * limit) / paths.length))
}

type Key = { time: number; request_id: string; path: number }

/** Those before the place up to which every path is known, at most `limit`. */
function takeFirst(keys: Key[], share: number, limit: number): { ids: string[]; end: Mark | null } {
  const marks = keys.map(key => ({ ...markOf(key), path: key.path }))
  marks.sort((a, b) => (isBefore(a, b) ? 1 : -1))
  const seen = new Map<number, number>()
  const edge = marks.findIndex(({ path }) => {
    seen.set(path, (seen.get(path) ?? 0) + 1)
    return seen.get(path) === share
  })
  const known = edge === -1 ? marks : marks.slice(0, edge + 1)
  const taken = known.slice(0, limit)
  const isAll = edge === -1 && taken.length === known.length
  return { ids: taken.map(({ id }) => id), end: isAll ? null : taken.at(-1)! }
}

/** In the order of the ids. */
async function readRows(logDb: Database, ids: string[]): Promise<LoggedAttempt[]> {
  if (ids.length === 0) return []
  const rows = await logDb.selectFrom('auth_log').selectAll().where('request_id', 'in', ids).execute()
  const rowOf = new Map(rows.map(row => [row.request_id, row]))
  // Retention may have deleted one meanwhile.
  return ids.flatMap(id => rowOf.get(id) ?? [])
}

function selectPath(logDb: Database, path: Path, { since, until }: Range, after: Mark | null, limit: number) {
  return (
    logDb
      .selectFrom('auth_log')
      // MariaDB sorts the whole table for a condition that says nothing, such as that of no columns.
      .$if(Object.keys(path).length > 0, q => q.where(eb => eb.and(path)))
      .$if(since !== undefined, q => q.where('time', '>=', since!))
      .$if(until !== undefined, q => q.where('time', '<=', until!))
      .$if(after !== null, q =>
        q
          // For the index; MySQL takes no row of values for a range.
          .where('time', '<=', after!.time)
          .where(eb => eb(eb.refTuple('time', 'request_id'), '<', eb.tuple(after!.time, after!.id))),
      )
      .orderBy('time', 'desc')
      .orderBy('request_id', 'desc')
      .limit(limit)
  )
}
