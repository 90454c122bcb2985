/** Following the auth log. */
import { z } from 'zod'
import { parseInput, text } from '../input.ts'
import type { LoggedAttempt } from './pages.ts'
import { findName, type LogServices, whoFilter } from './search.ts'

const tailQuery = whoFilter.extend({
  /** `next` of the answer before; without it, the latest rows are the beginning. */
  after: z
    .strictObject({ since: z.int('must be UTC milliseconds'), seen: z.array(text(), 'must be a list') })
    .optional(),
})

/** Where somebody who follows stands. */
export interface Follower {
  /** Rows of before are not looked for any more: UTC milliseconds. */
  since: number
  /** Request ids of the rows from then on that he has had, or that were there when he came. */
  seen: string[]
}

export interface Tail {
  /** By time, and by request id where that is the same. */
  rows: LoggedAttempt[]
  /** What to ask for after these. */
  next: Follower
  /** Whether there is more already. */
  more: boolean
}

export interface TailServices extends LogServices {
  clock: () => number
  settings: LogServices['settings'] & { auth: { deadline: number } }
}

const latestRows = 10
const pageSize = 500
/** Ids looked at in one answer: what comes faster is shown some seconds later. */
const idsAtOnce = 5_000
/** A row has the time at which its request came in and is written when that is decided; clocks differ a little besides. */
const graceMs = 5_000

/**
 * Who asks again with `next` gets every row once, whichever gateway wrote it: rows of the last seconds are looked for
 * again and again, and those that were shown are left out. A folded row comes when it is made; its count may rise later.
 * @throws Refusal for a bad field
 */
export async function tailAuthLog(services: TailServices, input: unknown): Promise<Tail> {
  const { after, ...given } = parseInput(tailQuery, input)
  const filter = withoutGaps({ ...given, user: findName(services, given.user) })
  return after === undefined ? readLatest(services, filter) : readNews(services, filter, after)
}

type Filter = { user?: string; result?: 'success' | 'failed' }

const settledAt = ({ clock, settings }: TailServices) => clock() - settings.auth.deadline - graceMs

const rowsOf = ({ logDb }: TailServices, filter: Filter) =>
  logDb.selectFrom('auth_log').where(eb => eb.and(filter))

async function readLatest(services: TailServices, filter: Filter): Promise<Tail> {
  const settled = settledAt(services)
  const newest = await rowsOf(services, filter)
    .select(['time', 'request_id'])
    .orderBy('time', 'desc')
    .orderBy('request_id', 'desc')
    .limit(idsAtOnce)
    .execute()
  const latest = newest.slice(0, latestRows).map(({ request_id }) => request_id)
  const full = newest.length === idsAtOnce
  const since = full ? Math.max(settled, newest.at(-1)!.time) : settled
  const seen = newest.filter(({ time }) => time >= since).map(({ request_id }) => request_id)
  return { rows: await readRows(services, latest), next: { since, seen }, more: false }
}

async function readNews(services: TailServices, filter: Filter, { since, seen }: Follower): Promise<Tail> {
  const settled = settledAt(services)
  const found = await rowsOf(services, filter)
    .select(['time', 'request_id'])
    .where('time', '>=', since)
    .orderBy('time')
    .orderBy('request_id')
    .limit(idsAtOnce)
    .execute()
  const had = new Set(seen)
  const news = found.filter(({ request_id }) => !had.has(request_id))
  const page = news.slice(0, pageSize)
  for (const { request_id } of page) had.add(request_id)
  // Not beyond what was looked at and shown.
  const lookedTo = found.length === idsAtOnce ? found.at(-1)!.time : settled
  const shownTo = news[pageSize]?.time ?? settled
  const next = Math.max(since, Math.min(settled, lookedTo, shownTo))
  for (const { time, request_id } of found) if (time < next) had.delete(request_id)
  return {
    rows: await readRows(
      services,
      page.map(({ request_id }) => request_id),
    ),
    next: { since: next, seen: [...had] },
    more: news.length > page.length,
  }
}

async function readRows({ logDb }: TailServices, ids: string[]): Promise<LoggedAttempt[]> {
  if (ids.length === 0) return []
  return logDb
    .selectFrom('auth_log')
    .selectAll()
    .where('request_id', 'in', ids)
    .orderBy('time')
    .orderBy('request_id')
    .execute()
}

/** Without the keys that are undefined. */
function withoutGaps<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never
}
