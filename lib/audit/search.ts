/** Reading the auth log. */
import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Database, Tables } from '../database/schema.ts'
import { parseInput } from '../input.ts'
import { canonicalName } from '../mailbox/name.ts'

const logQuery = z.strictObject({
  user: z.string('must be text').optional(),
  result: z.enum(['success', 'failed'], 'must be success or failed').optional(),
  /** Milliseconds before now. */
  since: z.int('must be a time such as 1h').positive('must be a time such as 1h').optional(),
  limit: z
    .int('must be a whole number')
    .min(1, 'must be 1 to 10000')
    .max(10_000, 'must be 1 to 10000')
    .default(50),
})

export interface LogServices {
  logDb: Database
  clock: () => number
  settings: { auth: { default_domain: string } }
}

/**
 * Newest first. `user` in any spelling that leads to the same name; a text that is no name is looked up as it is, for
 * attempts with one.
 * @throws Refusal for a bad field
 */
export async function searchAuthLog(
  services: LogServices,
  input: unknown,
): Promise<Selectable<Tables['auth_log']>[]> {
  const { user, result, since, limit } = parseInput(logQuery, input)
  let query = services.logDb
    .selectFrom('auth_log')
    .selectAll()
    .orderBy('time', 'desc')
    .orderBy('request_id', 'desc')
  if (user !== undefined) {
    query = query.where('user', '=', canonicalName(user, services.settings.auth.default_domain) ?? user)
  }
  if (result !== undefined) query = query.where('result', '=', result)
  if (since !== undefined) query = query.where('time', '>=', services.clock() - since)
  return query.limit(limit).execute()
}
