/** Searching the auth log. */
import { z } from 'zod'
import type { Database } from '../database/schema.ts'
import { limit, parseInput, text } from '../input.ts'
import { canonicalName } from '../mailbox/name.ts'
import { protocols } from '../mailbox/protocols.ts'
import { cursor, type Mark, readCursor, searchPages, writeCursor } from '../pages.ts'
import { type LoggedAttempt, loggedAttempt, markOf, type Range, readStretch } from './pages.ts'
import { findPaths, type Paths } from './paths.ts'
import { type Place, readPlace } from './place.ts'

const time = z.int('must be UTC milliseconds').min(0, 'must be UTC milliseconds')
const badPlace = 'must be an address, or a prefix of /16 (IPv6: /40) or longer'

/** By whom, and with what result. */
export const whoFilter = z.strictObject({
  /** Of this mailbox, in any spelling that leads to it. */
  user: text(255).optional(),
  result: z.enum(['success', 'failed'], 'must be success or failed').optional(),
})

/** In any combination; rows must satisfy all of it. */
export const logFilter = whoFilter.extend({
  /** UTC milliseconds, edges included. */
  since: time.optional(),
  until: time.optional(),
  /** An address or a network. */
  address: text(255)
    .refine(given => readPlace(given) !== null, badPlace)
    .optional(),
  protocol: z.enum(protocols, `must be one of ${protocols.join(', ')}`).optional(),
  method: text(255).optional(),
  /** One of these codes of lib/login/reasons.ts. */
  reason: z
    .array(text(255), 'must be a list')
    .min(1, 'must name one')
    .max(50, 'must be at most 50')
    .optional(),
  /** `host:port`. */
  backend: text(255).optional(),
  /** Part of user, address, reason or backend, whatever its case. */
  text: text(255).optional(),
})

export const logQuery = logFilter.extend({
  /** `next` of the page before. */
  after: cursor.optional(),
  limit: limit(10_000, 50),
})

export const logPage = z.strictObject({
  /** Newest first, the later id first at one time. */
  items: z.array(loggedAttempt),
  /** What to send as `after` for the next page; null = this is the last one. */
  next: z.string().nullable(),
  /**
   * Null = the page is complete. Else it ends early: no index leads to what was asked for, 10,000 rows were looked at, and
   * these are those of them since this time that match; `next` goes on. UTC milliseconds.
   */
  searched_to: z.int().nullable(),
})

export type LogFilter = z.output<typeof logFilter>
export type LogPage = z.infer<typeof logPage>

export interface LogServices {
  logDb: Database
  settings: { auth: { default_domain: string } }
}

/**
 * A `user` that is no name is looked up as it is, for attempts with one.
 * @throws Refusal for a bad field
 */
export async function searchAuthLog(services: LogServices, input: unknown): Promise<LogPage> {
  const { after, limit, ...filter } = parseInput(logQuery, input)
  const search = await openSearch(services, filter)
  const from = after === undefined ? null : readCursor(after)
  const { rows, next, stopped } = await searchPages({ ...search, markOf, after: from, limit })
  return {
    items: rows,
    next: next && writeCursor(next),
    searched_to: stopped ? next!.time : null,
  }
}

/** How to read what a filter wants, and what else its rows must be. */
export async function openSearch(services: LogServices, { since, until, ...filter }: LogFilter) {
  const { logDb } = services
  const user = findName(services, filter.user)
  const place = filter.address === undefined ? null : readPlace(filter.address)
  const { protocol, result, reason: reasons, backend } = filter
  const { client, networks } = place ?? {}
  const paths = await findPaths(logDb, { user, client, networks, protocol, result, reasons, backend })
  const range: Range = { since, until }
  return {
    read: (after: Mark | null, limit: number) => readStretch(logDb, paths.by, range, after, limit),
    holds: isExact(filter, paths, place) ? null : conditionOf({ ...filter, user }, place),
  }
}

const isExact = ({ method, text }: LogFilter, { exact }: Paths, place: Place | null): boolean =>
  exact && !place?.holds && method === undefined && text === undefined

function conditionOf(filter: LogFilter, place: Place | null): (row: LoggedAttempt) => boolean {
  const { user, protocol, method, result, reason, backend, text } = filter
  const same = Object.entries({ user, protocol, method, result, backend, client_address: place?.client })
    .filter(([, value]) => value !== undefined)
    .map(([column, value]) => [column as 'user', value] as const)
  const [reasons, networks] = [reason && new Set(reason), place?.networks && new Set(place.networks)]
  const part = text?.toLowerCase()
  return row =>
    same.every(([column, value]) => row[column] === value) &&
    (reasons?.has(row.reason) ?? true) &&
    (networks?.has(row.client_network) ?? true) &&
    (place?.holds?.(row.client_address) ?? true) &&
    (part === undefined || textsOf(row).some(each => each.toLowerCase().includes(part)))
}

const textsOf = ({ user, client_address, reason, backend }: LoggedAttempt) => [
  user,
  client_address,
  reason,
  backend ?? '',
]

/** @returns undefined for undefined */
export function findName({ settings }: LogServices, user: string | undefined): string | undefined {
  return user === undefined ? undefined : (canonicalName(user, settings.auth.default_domain) ?? user)
}
