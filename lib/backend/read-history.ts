/** Looking back at when addresses of a backend went up and down. */
import { z } from 'zod'
import type { Database } from '../database/schema.ts'
import { limit, parseInput } from '../input.ts'
import { cursor, readCursor, writeCursor } from '../pages.ts'

const changeSchema = z.strictObject({
  address: z.string(),
  /** UTC milliseconds. */
  time: z.int(),
  up: z.boolean(),
  /** What its last check failed with; null = it is up. */
  error: z.string().nullable(),
  /** The process that saw it. */
  node: z.string(),
})
export type HealthChange = z.infer<typeof changeSchema>

export const historyQuery = z.strictObject({
  after: cursor.optional(),
  limit: limit(1_000, 100),
})

export const historySchema = z.strictObject({
  items: z.array(changeSchema),
  next: z.string().nullable(),
})
type History = z.infer<typeof historySchema>

/**
 * Newest first; a backend that never was has none.
 * @param input see `historyQuery`
 */
export async function readHistory(
  { logDb }: { logDb: Database },
  backendId: string,
  input: unknown,
): Promise<History> {
  const { after, limit } = parseInput(historyQuery, input)
  const last = after === undefined ? null : readCursor(after)
  const rows = await logDb
    .selectFrom('backend_events')
    .select(['id', 'address', 'time', 'up', 'error', 'node'])
    .where('backend_id', '=', backendId)
    .$if(last !== null, q =>
      q
        .where('time', '<=', last!.time)
        .where(eb => eb(eb.refTuple('time', 'id'), '<', eb.tuple(last!.time, last!.id))),
    )
    .orderBy('time', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const items = rows.slice(0, limit)
  const mark = rows.length > limit ? items.at(-1)! : null
  return {
    items: items.map(({ id, up, ...row }) => ({ ...row, up: up === 1 })),
    next: mark && writeCursor(mark),
  }
}
