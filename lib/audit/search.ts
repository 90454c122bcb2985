/** Searching the auth log. */
import { z } from 'zod'
import type { Database } from '../database/schema.ts'
import { parseInput } from '../input.ts'
import { canonicalName } from '../mailbox/name.ts'
import { protocols } from '../mailbox/protocols.ts'
import { Refusal } from '../refusal.ts'
import { type LoggedAttempt, type Mark, readPage } from './pages.ts'
import { findPaths } from './paths.ts'
import { readPlace } from './place.ts'

const text = z.string('must be text')
const time = z.int('must be UTC milliseconds')
const badPlace = 'must be an address, or a prefix of /16 (IPv6: /40) or longer'

/** By whom, and with what result. */
export const logFilter = z.strictObject({
  user: text.optional(),
  result: z.enum(['success', 'failed'], 'must be success or failed').optional(),
})

const logQuery = logFilter.extend({
  address: text.refine(given => readPlace(given) !== null, badPlace).optional(),
  protocol: z.enum(protocols, `must be one of ${protocols.join(', ')}`).optional(),
  /** A code of lib/login/reasons.ts. */
  reason: text.optional(),
  /** `host:port`. */
  backend: text.optional(),
  since: time.optional(),
  until: time.optional(),
  /** Request id of the last row of the page before. */
  before: text.optional(),
  limit: z
    .int('must be a whole number')
    .min(1, 'must be 1 to 10000')
    .max(10_000, 'must be 1 to 10000')
    .default(50),
})

export interface LogServices {
  logDb: Database
  settings: { auth: { default_domain: string } }
}

/** The least that is read at once where only some of the rows are wanted. */
const leastPage = 500

/**
 * Newest first; times are UTC milliseconds, edges included. `user` in any spelling that leads to the same name; a text
 * that is no name is looked up as it is, for attempts with one.
 * @throws Refusal for a bad field, or when there is no row `before`
 */
export async function searchAuthLog(services: LogServices, input: unknown): Promise<LoggedAttempt[]> {
  const { user, address, since, until, before, limit, ...same } = parseInput(logQuery, input)
  const place = address === undefined ? null : readPlace(address)
  const wanted = { ...same, user: findName(services, user), client: place?.client, networks: place?.networks }
  const paths = await findPaths(services.logDb, wanted)
  const pageSize = place?.holds ? Math.max(limit, leastPage) : limit

  const found: LoggedAttempt[] = []
  let last = before === undefined ? null : await readMark(services, before)
  while (found.length < limit) {
    const page = await readPage(services.logDb, paths, { since, until, last, limit: pageSize })
    found.push(...page.filter(row => place?.holds?.(row.client_address) ?? true))
    if (page.length < pageSize) break
    last = page.at(-1)!
  }
  return found.slice(0, limit)
}

/** @returns undefined for undefined */
export function findName({ settings }: LogServices, user: string | undefined): string | undefined {
  return user === undefined ? undefined : (canonicalName(user, settings.auth.default_domain) ?? user)
}

async function readMark({ logDb }: LogServices, requestId: string): Promise<Mark> {
  const row = await logDb
    .selectFrom('auth_log')
    .select(['time', 'request_id'])
    .where('request_id', '=', requestId)
    .executeTakeFirst()
  if (row) return row
  throw new Refusal('not_found', 'before', `before: there is no attempt ${JSON.stringify(requestId)}`)
}
