/** Following the auth log. */
import { sql } from 'kysely'
import { z } from 'zod'
import { parseInput } from '../input.ts'
import { findName, type LoggedAttempt, type LogServices, logFilter, withoutGaps } from './search.ts'

const tailQuery = logFilter.extend({
  /** `next` of the answer before; without it, the latest rows are the beginning. */
  after: z.int('must be a whole number').optional(),
})

export interface Tail {
  /** Oldest first. */
  rows: LoggedAttempt[]
  /** What to ask for after these. */
  next: number
  /** Whether there is more already. */
  more: boolean
}

const latestRows = 10
const pageSize = 500

/**
 * The rows in the order in which they were committed, which is that of SQLite's row numbers and not that of the request
 * ids: those are given when a request comes in, and a slow login's row is written after a quick one's. So who asks again
 * with `next` gets every row once. A folded row comes when it is made; its count may rise later.
 * @throws Refusal for a bad field
 */
export async function tailAuthLog(services: LogServices, input: unknown): Promise<Tail> {
  const { after, ...given } = parseInput(tailQuery, input)
  const filter = withoutGaps({ ...given, user: findName(services, given.user) })
  return after === undefined ? readLatest(services, filter) : readAfter(services, filter, after)
}

type Filter = { user?: string; result?: 'success' | 'failed' }
const place = sql<number>`rowid`

async function readLatest({ logDb }: LogServices, filter: Filter): Promise<Tail> {
  const { next } = await logDb
    .selectFrom('auth_log')
    .select(sql<number>`coalesce(max(rowid), 0)`.as('next'))
    .executeTakeFirstOrThrow()
  const rows = await logDb
    .selectFrom('auth_log')
    .selectAll()
    .where(eb => eb.and(filter))
    .where(place, '<=', next)
    .orderBy(place, 'desc')
    .limit(latestRows)
    .execute()
  return { rows: rows.toReversed(), next, more: false }
}

async function readAfter({ logDb }: LogServices, { user, result }: Filter, after: number): Promise<Tail> {
  const page = await logDb
    .selectFrom('auth_log')
    .selectAll()
    .select(place.as('place'))
    .where(place, '>', after)
    .orderBy(place)
    .limit(pageSize)
    .execute()
  // Not in SQL: with an index on the user, every row of a busy one would be read again each time.
  const wanted = page.filter(row => row.user === (user ?? row.user) && row.result === (result ?? row.result))
  return {
    rows: wanted.map(({ place: _, ...row }) => row),
    next: page.at(-1)?.place ?? after,
    more: page.length === pageSize,
  }
}
