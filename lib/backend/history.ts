/** When addresses of backends went up and down: one row per change, written by the process that saw it. */
import type { Logger } from 'pino'
import type { Database } from '../database/schema.ts'
import { newId } from '../id.ts'
import type { HealthChange } from './read-history.ts'

interface Change extends HealthChange {
  backend_id: string
}

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
