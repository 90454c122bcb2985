/** When addresses of backends went up and down: one row per change, written by the process that saw it. */
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Database } from '../database/schema.ts'
import { newId } from '../id.ts'
import { parseInput } from '../input.ts'
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
interface Change extends z.infer<typeof changeSchema> {
  backend_id: string
}

export const historyQuery = z.strictObject({
  after: cursor.optional(),
  limit: z
    .int('must be a whole number')
    .min(1, 'must be 1 to 1000')
    .max(1_000, 'must be 1 to 1000')
    .default(100),
})

export const historySchema = z.strictObject({
  items: z.array(changeSchema),
  next: z.string().nullable(),
})
type History = z.infer<typeof historySchema>

/** While the database is away as many changes wait in memory; then the oldest are lost. */
const mostWaiting = 1_000
const keptMs = 90 * 86_400_000
/** A backend that goes up and down all the time keeps its newest. */
export const keptPerBackend = 1_000

interface HistoryParts {
  db: Database
  log: Pick<Logger, 'warn'>
}

export function createHistory({ db, log }: HistoryParts) {
  let waiting: Change[] = []

  function note(changes: Change[]): void {
    waiting = [...waiting, ...changes].slice(-mostWaiting)
  }

  /** Writes what waits. Never rejects: what cannot be written waits for the next time. */
  async function flush(): Promise<void> {
    try {
      for (let change = waiting[0]; change; change = waiting[0]) {
        if (await isNews(change)) await insert(change)
        waiting.shift()
      }
    } catch (error) {
      log.warn({ err: error, waiting: waiting.length }, 'health history not written')
    }
  }

  /** After a start the first check may find what the row of before says already. */
  async function isNews({ backend_id, address, up }: Change): Promise<boolean> {
    const last = await db
      .selectFrom('backend_events')
      .select('up')
      .where('backend_id', '=', backend_id)
      .where('address', '=', address)
      .orderBy('time', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return last?.up !== (up ? 1 : 0)
  }

  async function insert({ up, ...change }: Change): Promise<void> {
    const row = { id: newId(), ...change, up: up ? (1 as const) : (0 as const) }
    await db.insertInto('backend_events').values(row).execute()
  }

  return { note, flush }
}

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

/** A job: deletes what is over 90 days old, and of each backend all but the newest thousand. */
export async function trimHistory({ db, clock }: { db: Database; clock: () => number }): Promise<void> {
  await db
    .deleteFrom('backend_events')
    .where('time', '<', clock() - keptMs)
    .execute()
  const backends = await db.selectFrom('backend_events').select('backend_id').distinct().execute()
  for (const { backend_id } of backends) {
    const edge = await db
      .selectFrom('backend_events')
      .select('time')
      .where('backend_id', '=', backend_id)
      .orderBy('time', 'desc')
      .offset(keptPerBackend - 1)
      .limit(1)
      .executeTakeFirst()
    if (!edge) continue
    await db
      .deleteFrom('backend_events')
      .where('backend_id', '=', backend_id)
      .where('time', '<', edge.time)
      .execute()
  }
}

/** What is to be done for the history at regular intervals. */
export const historyJobs = (services: { db: Database; clock: () => number }) => [
  { name: 'backend-history', everyMs: 3_600_000, run: () => trimHistory(services) },
]
