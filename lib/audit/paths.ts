/**
 * Which way a search takes through the auth log. Each path is a stretch of an index in the order of the search, so that a
 * page costs its own rows, not all that match. A filter that names one of few values (protocol, result, reason) becomes
 * several paths, one for each combination that there is.
 */
import type { Database } from '../database/schema.ts'
import { protocols } from '../mailbox/protocols.ts'

/** What rows must have; undefined = anything. */
export interface Wanted {
  user?: string
  client?: string
  networks?: string[]
  protocol?: string
  result?: 'success' | 'failed'
  reason?: string
  /** A row with one is a success, see lib/login/audit-row.ts. */
  backend?: string
}

type Column = 'user' | 'client_address' | 'client_network' | 'protocol' | 'result' | 'reason' | 'backend'

export interface Paths {
  /** Leading columns of an index that goes on with the time; all of them together are what is wanted. */
  by: Partial<Record<Column, string>>[]
  /** What the rows found by them are looked at for besides. */
  filter: Partial<Record<Column, string | string[]>>
}

/** Of all successes, and of nothing else. */
const success = 'ok'
/** '' = of a request that named none. */
const everyProtocol = [...protocols, '']

export async function findPaths(logDb: Database, wanted: Wanted): Promise<Paths> {
  const { user, client: client_address, networks, protocol, result, reason, backend } = wanted
  const isNever = backend !== undefined && (result === 'failed' || (reason ?? success) !== success)
  if (isNever) return { by: [], filter: {} }
  const who = user !== undefined ? { user } : client_address !== undefined ? { client_address } : null
  const kind = { protocol, result, reason }
  // With many networks there would be too many combinations.
  if (!who && networks)
    return { by: networks.map(client_network => ({ client_network })), filter: { ...kind, backend } }
  if (!who && backend !== undefined) return { by: [{ backend }], filter: kind }
  if (!who && Object.values(kind).every(value => value === undefined)) return { by: [{}], filter: {} }
  const reasons = (reason === undefined ? await readReasons(logDb, who ?? {}) : [reason]).filter(
    each => result === undefined || (each === success) === (result === 'success'),
  )
  const by = reasons.flatMap(each =>
    (protocol === undefined ? everyProtocol : [protocol]).map(p => ({ ...who, reason: each, protocol: p })),
  )
  const address = user === undefined ? undefined : client_address
  return { by, filter: { client_address: address, client_network: networks, backend } }
}

/** Those that occur, with this user or address if one is given: a step through the index for each, without those between. */
async function readReasons(
  logDb: Database,
  who: { user?: string; client_address?: string },
): Promise<string[]> {
  const reasons: string[] = []
  for (;;) {
    const next = await logDb
      .selectFrom('auth_log')
      .select('reason')
      .where(eb => eb.and(who))
      .where('reason', '>', reasons.at(-1) ?? '')
      .orderBy('reason')
      .limit(1)
      .executeTakeFirst()
    if (!next) return reasons
    reasons.push(next.reason)
  }
}
