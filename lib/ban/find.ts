/** Looking through the bans, page by page, however many there are. */
import { sql } from 'kysely'
import { z } from 'zod'
import { contains } from '../database/dialect.ts'
import type { Database } from '../database/schema.ts'
import { fold } from '../fold.ts'
import { limit, parseInput, text } from '../input.ts'
import { banEvents } from '../metrics.ts'
import { cursor, type Mark, readCursor, writeCursor } from '../pages.ts'
import { readPrefix } from './manage.ts'
import { prefixesAround } from './rules.ts'
import { banSchema, toBan } from './shapes.ts'

export const banQuery = z.strictObject({
  state: z.enum(['active', 'expired', 'all'], 'must be one of active, expired, all').default('active'),
  /** In prefix, author or reason, in any letter case; of a reason of over 300 characters not in its end. */
  search: text(255).default(''),
  /** Only bans that contain this address or network. */
  address: z.string('must be an address or network').optional(),
  event_type: z.enum(banEvents, `must be one of ${banEvents.join(', ')}`).optional(),
  after: cursor.optional(),
  limit: limit(1_000, 100),
})
type Wanted = z.output<typeof banQuery>

export const banPageSchema = z.strictObject({
  items: z.array(banSchema),
  next: z.string().nullable(),
  /** Of all pages; null on all but the first. */
  total: z.int().nullable(),
})

/**
 * Newest first.
 * @param input see `banQuery`
 * @throws Refusal for a bad field
 */
export async function listBans(
  { logDb, clock }: { logDb: Database; clock: () => number },
  input: unknown = {},
): Promise<z.infer<typeof banPageSchema>> {
  const wanted = parseInput(banQuery, input)
  const { after, limit } = wanted
  const last = after === undefined ? null : readCursor(after)
  const now = clock()
  const page = await selectPage(logDb, wanted, now, last).execute()
  // What is rare was looked for in all of them: not once more to count it.
  const isAll = page.length <= limit
  const total = last !== null ? null : isAll ? page.length : await countMatching(logDb, wanted, now)
  const rows = await readRows(
    logDb,
    page.slice(0, limit).map(({ id }) => id),
  )
  const mark = page.length > limit ? page[limit - 1]! : null
  return {
    items: rows.map(row => toBan(row, now)),
    next: mark && writeCursor({ time: mark.starts_at, id: mark.id }),
    total,
  }
}

/** Only what the index of the list holds: the rows are many times as large. */
export function selectPage(logDb: Database, wanted: Wanted, now: number, last: Mark | null) {
  return (
    selectMatching(logDb, wanted, now)
      .select(['starts_at', 'id'])
      .$if(last !== null, q =>
        q
          .where('starts_at', '<=', last!.time)
          .where(eb => eb(eb.refTuple('starts_at', 'id'), '<', eb.tuple(last!.time, last!.id))),
      )
      // Those around an address are few, and an index leads to them: they are sorted, for the list would be read to its end.
      .orderBy(wanted.address === undefined ? sql.ref('starts_at') : sql`starts_at + 0`, 'desc')
      .orderBy('id', 'desc')
      .limit(wanted.limit + 1)
  )
}

async function countMatching(logDb: Database, wanted: Wanted, now: number): Promise<number> {
  const { total } = await selectMatching(logDb, wanted, now)
    .select(({ fn }) => fn.countAll<number | string>().as('total'))
    .executeTakeFirstOrThrow()
  return Number(total)
}

function selectMatching(logDb: Database, { state, search, address, event_type }: Wanted, now: number) {
  const around = address === undefined ? null : prefixesAround(readPrefix(address, 'address'))
  // In a form that no database has another index for.
  const inForce = sql<boolean>`(lifted_at is null and coalesce(ends_at, ${Number.MAX_SAFE_INTEGER}) > ${now})`
  return logDb
    .selectFrom('ip_blacklist')
    .$if(state === 'active', q => q.where(inForce))
    .$if(state === 'expired', q => q.where(eb => eb.not(inForce)))
    .$if(event_type !== undefined, q => q.where('event_type', '=', event_type!))
    .$if(around !== null, q => q.where('cidr', 'in', around!))
    .$if(search !== '', q => q.where(contains(logDb, 'search_text', fold(search))))
}

async function readRows(logDb: Database, ids: string[]) {
  if (ids.length === 0) return []
  const rows = await logDb.selectFrom('ip_blacklist').selectAll().where('id', 'in', ids).execute()
  const rowOf = new Map(rows.map(row => [row.id, row]))
  return ids.flatMap(id => rowOf.get(id) ?? [])
}
