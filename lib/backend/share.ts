/** Which part of the logins each backend gets, counted along an index of the auth log. */
import { z } from 'zod'
import type { Database } from '../database/schema.ts'
import { parseInput } from '../input.ts'
import { protocols } from '../mailbox/protocols.ts'
import { readBackends } from './snapshot.ts'

const spans = { hour: 3_600_000, day: 24 * 3_600_000 } as const

export const shareQuery = z.strictObject({
  span: z.enum(['hour', 'day'], 'must be hour or day').default('hour'),
})

export const shareSchema = z.strictObject({
  /** UTC milliseconds. */
  since: z.int(),
  until: z.int(),
  /** Whether only stretches of that time were counted, evenly spread, and the rest follows from them. */
  estimated: z.boolean(),
  backends: z.array(
    z.strictObject({
      id: z.string(),
      protocol: z.enum(protocols),
      host: z.string(),
      port: z.int(),
      logins: z.int(),
      /** Of the logins of the same protocol that went to backends of today, 0 to 1; null = there were none. */
      share: z.number().nullable(),
    }),
  ),
})
type Share = z.infer<typeof shareSchema>

/** With more successes than this only stretches are counted. */
const mostCounted = 200_000
const stretches = 20

/**
 * Logins of the last hour or day by backend. Rows name a backend as it was written at the time.
 * @param input see `shareQuery`
 * @param most rows of the log that are looked at, more or less
 */
export async function readShare(
  { logDb, clock }: { logDb: Database; clock: () => number },
  input: unknown,
  most = mostCounted,
): Promise<Share> {
  const { span } = parseInput(shareQuery, input)
  const until = clock()
  const since = until - spans[span]
  const [rows, total] = await Promise.all([readBackends(logDb), countSuccesses(logDb, since)])
  const places = [...new Set(rows.map(placeOf))]
  const part = Math.min(1, most / total)
  const edges = part < 1 ? spread(since, until, part) : [{ since, until }]
  const counts = new Map(places.map(place => [place, 0]))
  for (const edge of places.length > 0 ? edges : []) {
    for (const { backend, count } of await countLogins(logDb, places, edge)) {
      counts.set(backend, counts.get(backend)! + count)
    }
  }
  const found = rows.map(row => ({ row, logins: Math.round(counts.get(placeOf(row))! / part) }))
  const sums = new Map<string, number>()
  for (const { row, logins } of found) sums.set(row.protocol, (sums.get(row.protocol) ?? 0) + logins)
  const backends = found.map(({ row: { id, protocol, host, port }, logins }) => {
    const all = sums.get(protocol)!
    return { id, protocol, host, port, logins, share: all === 0 ? null : logins / all }
  })
  return { since, until, estimated: part < 1, backends }
}

/** As in the auth log, see lib/login/audit-row.ts. */
const placeOf = ({ host, port }: { host: string; port: number }) => `${host}:${port}`

async function countSuccesses(logDb: Database, since: number): Promise<number> {
  const { count } = await logDb
    .selectFrom('auth_stats')
    .select(({ fn }) => fn.sum<number | string | null>('count').as('count'))
    .where('minute', '>=', since)
    .where('result', '=', 'success')
    .executeTakeFirstOrThrow()
  return Number(count ?? 0)
}

interface Edges {
  since: number
  until: number
}

/** Stretches that make up this part of the time, the first of each twentieth. */
function spread(since: number, until: number, part: number): Edges[] {
  const length = (until - since) / stretches
  return Array.from({ length: stretches }, (_, i) => {
    const start = since + i * length
    return { since: Math.floor(start), until: Math.floor(start + length * part) }
  })
}

async function countLogins(logDb: Database, places: string[], { since, until }: Edges) {
  const rows = await logDb
    .selectFrom('auth_log')
    .select(({ fn }) => ['backend', fn.countAll<number | string>().as('count')])
    .where('backend', 'in', places)
    .where('time', '>=', since)
    .where('time', '<', until)
    .groupBy('backend')
    .execute()
  return rows.map(({ backend, count }) => ({ backend: backend!, count: Number(count) }))
}
