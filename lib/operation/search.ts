/** Searching the operation log. Its rows are kept for ever. */
import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Database, Tables } from '../database/schema.ts'
import { limit, parseInput, text } from '../input.ts'
import { cursor, type Mark, readCursor, type Stretch, searchPages, writeCursor } from '../pages.ts'

const time = z.int('must be UTC milliseconds').min(0, 'must be UTC milliseconds')

/** In any combination; rows must satisfy all of it. */
export const operationFilter = z.strictObject({
  /** UTC milliseconds, edges included. */
  since: time.optional(),
  until: time.optional(),
  /** An administrator's username, or `command line`. */
  actor: text(255).optional(),
  /** The verb, as the command line calls it: `user set-password`. */
  action: text(255).optional(),
  /** What it was done to. */
  target: text(255).optional(),
  result: z.enum(['success', 'failed'], 'must be success or failed').optional(),
  /** Part of actor, action, target, address or detail, whatever its case. */
  text: text(255).optional(),
})

export const operationQuery = operationFilter.extend({
  /** `next` of the page before. */
  after: cursor.optional(),
  limit: limit(10_000, 50),
})

const loggedOperation = z.strictObject({
  id: z.string(),
  /** UTC milliseconds. */
  time: z.int(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  result: z.enum(['success', 'failed']),
  /** '' = this machine. */
  client_address: z.string(),
  /** Of what was done: `before` and `after`, the fields that differ. Of what was refused: `code` and `message`. */
  detail: z.record(z.string(), z.unknown()),
})

export const operationPage = z.strictObject({
  /** Newest first. */
  items: z.array(loggedOperation),
  /** What to send as `after` for the next page; null = this is the last one. */
  next: z.string().nullable(),
  /** Null = the page is complete. Else 10,000 rows were looked at, back to this time; `next` goes on. UTC milliseconds. */
  searched_to: z.int().nullable(),
})

export type LoggedOperation = z.infer<typeof loggedOperation>
export type OperationPage = z.infer<typeof operationPage>
type Row = Selectable<Tables['operation_log']>
type Filter = z.output<typeof operationFilter>

/** @throws Refusal for a bad field */
export async function searchOperations(
  { logDb }: { logDb: Database },
  input: unknown,
): Promise<OperationPage> {
  const { after, limit, ...filter } = parseInput(operationQuery, input)
  const [by, holds] = [indexFor(filter), conditionOf(filter)]
  const { rows, next, stopped } = await searchPages({
    read: (mark, size) => readStretch(logDb, by, filter, mark, size),
    markOf,
    holds,
    after: after === undefined ? null : readCursor(after),
    limit,
  })
  return {
    items: rows.map(row => ({ ...row, detail: JSON.parse(row.detail) })),
    next: next && writeCursor(next),
    searched_to: stopped ? next!.time : null,
  }
}

/** What leads to the fewest rows, each an index that goes on with the time. */
const indexed = ['target', 'actor', 'action'] as const

function indexFor(filter: Filter): Partial<Pick<Row, (typeof indexed)[number]>> {
  const column = indexed.find(each => filter[each] !== undefined)
  return column === undefined ? {} : { [column]: filter[column] }
}

/** @returns null where the index says it all */
function conditionOf({ since: _, until: __, text, ...same }: Filter): ((row: Row) => boolean) | null {
  const wanted = Object.entries(same).filter(([, value]) => value !== undefined)
  const isIndexed = wanted.every(([column]) => column !== 'result')
  if (text === undefined && isIndexed && wanted.length <= 1) return null
  const part = text?.toLowerCase()
  return row =>
    wanted.every(([column, value]) => row[column as 'actor'] === value) &&
    (part === undefined || textsOf(row).some(each => each.toLowerCase().includes(part)))
}

const textsOf = ({ actor, action, target, client_address, detail }: Row) => [
  actor,
  action,
  target,
  client_address,
  detail,
]

const markOf = ({ time, id }: Row): Mark => ({ time, id })

async function readStretch(
  db: Database,
  by: ReturnType<typeof indexFor>,
  { since, until }: Filter,
  after: Mark | null,
  limit: number,
): Promise<Stretch<Row>> {
  const rows = await db
    .selectFrom('operation_log')
    .selectAll()
    // MariaDB sorts the whole table for a condition that says nothing, such as that of no columns.
    .$if(Object.keys(by).length > 0, q => q.where(eb => eb.and(by)))
    .$if(since !== undefined, q => q.where('time', '>=', since!))
    .$if(until !== undefined, q => q.where('time', '<=', until!))
    .$if(after !== null, q =>
      q
        // For the index; MySQL takes no row of values for a range.
        .where('time', '<=', after!.time)
        .where(eb => eb(eb.refTuple('time', 'id'), '<', eb.tuple(after!.time, after!.id))),
    )
    .orderBy('time', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return { rows, end: rows.length < limit ? null : markOf(rows.at(-1)!) }
}
