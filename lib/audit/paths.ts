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
  /** One of them. */
  reasons?: string[]
  /** A row with one is a success, see lib/login/audit-row.ts. */
  backend?: string
}

type Column = 'user' | 'client_address' | 'client_network' | 'protocol' | 'reason' | 'backend'

/** Leading columns of an index that goes on with the time. */
export type Path = Partial<Record<Column, string>>

/** All of them together hold every row that is wanted, each once; `exact`: and no other. */
export interface Paths {
  by: Path[]
  exact: boolean
}

/** Of all successes, and of nothing else. */
const success = 'ok'
/** '' = of a request that named none. */
const everyProtocol = [...protocols, '']

export async function findPaths(logDb: Database, wanted: Wanted): Promise<Paths> {
  const { user, client: client_address, networks, protocol, result, reasons, backend } = wanted
  if (backend !== undefined && (result === 'failed' || reasons?.includes(success) === false))
    return { by: [], exact: true }
  const who = user !== undefined ? { user } : client_address !== undefined ? { client_address } : null
  const isOfKind = protocol !== undefined || result !== undefined || reasons !== undefined
  // With many networks there would be too many combinations.
  if (!who && networks)
    return {
      by: networks.map(client_network => ({ client_network })),
      exact: !isOfKind && backend === undefined,
    }
  if (!who && backend !== undefined) return { by: [{ backend }], exact: protocol === undefined }
  if (!who && !isOfKind) return { by: [{}], exact: true }
  const those = (reasons ? [...new Set(reasons)] : await readReasons(logDb, who ?? {})).filter(
    each => result === undefined || (each === success) === (result === 'success'),
  )
  const by = those.flatMap(reason =>
    (protocol === undefined ? everyProtocol : [protocol]).map(each => ({ ...who, reason, protocol: each })),
  )
  const isNarrower =
    networks !== undefined || backend !== undefined || (user !== undefined && client_address !== undefined)
  return { by, exact: !isNarrower }
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
