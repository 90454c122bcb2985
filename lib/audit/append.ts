/** Writing the auth log: many logins share one durable insert. */
import { createBatches } from '../batches.ts'
import type { AuthLogRow } from '../database/schema.ts'
import type { AuditReport } from '../metrics.ts'
import { createFolding, type Folding } from './folding.ts'
import { createKeep, type KeepParts } from './keep.ts'
import type { SpoolState } from './spool.ts'
import type { Stats } from './stats.ts'

export interface AuditTrail {
  /**
   * Resolves when the row is durable. Rows that arrive while an insert is in flight go together with the next one,
   * so throughput rises with load and a lone login waits for nobody; no timer runs on an idle machine.
   * @param patienceMs a row whose insert cannot begin by then is not written any more: nobody waits for it
   * @throws AuditBusy when the row waited too long or too many wait already, or whatever database and disk throw: then no
   *   row of its batch was written
   */
  append(row: AuthLogRow, patienceMs: number): Promise<void>
  /** The same for an attempt from a banned address: counted in one row per address and minute. */
  appendFolded(row: AuthLogRow, patienceMs: number, prefix: string): Promise<void>
  /** How many wait for an insert to begin. */
  waiting(): number
  /** What waits on the disk for the database to come back; null = nothing ever does here. */
  spooled(): SpoolState | null
  /** Leaves what waits on the disk to the next process. */
  close(): Promise<void>
}

export class AuditBusy extends Error {
  override name = 'AuditBusy'
}

interface Waiting {
  row: AuthLogRow
  /** Of the row that counts this attempt too; null = a row of its own. */
  foldKey: string | null
  /** On the monotonic clock, as `endsAt`. */
  since: number
  endsAt: number
  done: PromiseWithResolvers<void>
}

/** Sixteen columns each: stays far below the 32,766 variables that one SQLite statement may have. */
const rowsPerInsert = 500
/** Bounds the memory while the disk hangs; far more than can wait in a second of a working one. */
const mostWaiting = 5_000

/** @param stats counts every attempt whose row is durable */
export function createAuditTrail(
  parts: KeepParts & { stats?: Pick<Stats, 'count' | 'recount'> },
): AuditTrail {
  const { metrics, spool, stats } = parts
  const folding = createFolding()
  const keep = createKeep(parts)
  const write = async (batch: Waiting[]) => {
    const { own, counted } = foldRows(folding, batch)
    await keep.write([...own, ...counted.values()], counted.size > 0)
    for (const [key, row] of counted) folding.keep(key, row)
  }

  const batches = createBatches<Waiting>(rowsPerInsert, async gathered => {
    const batch = gathered.filter(isAwaited)
    if (batch.length === 0) return
    try {
      const startedAt = performance.now()
      await write(batch)
      for (const { done } of batch) done.resolve()
      stats?.count(batch.map(({ row }) => row))
      metrics?.auditWritten(reportBatch(batch, startedAt, performance.now()))
    } catch (error) {
      for (const { done } of batch) done.reject(error)
    }
  })

  const enqueue = (row: AuthLogRow, patienceMs: number, foldKey: string | null) => {
    if (batches.waiting() >= mostWaiting)
      throw new AuditBusy(`${mostWaiting} rows of the auth log wait already`)
    const done = Promise.withResolvers<void>()
    const since = performance.now()
    batches.add({ row, foldKey, since, endsAt: since + patienceMs, done })
    return done.promise
  }

  return {
    append: async (row, patienceMs) => enqueue(row, patienceMs, null),
    async appendFolded(row, patienceMs, prefix) {
      const folded = folding.fold(row, prefix)
      return enqueue(folded.row, patienceMs, folded.key)
    },
    waiting: batches.waiting,
    spooled: () => spool?.state() ?? null,
    close: keep.close,
  }
}

/** The rows of a batch: one for each attempt, and for each key one that counts them. */
function foldRows(folding: Folding, batch: Waiting[]) {
  const own = batch.filter(({ foldKey }) => foldKey === null).map(({ row }) => row)
  const folded = batch.filter(({ foldKey }) => foldKey !== null)
  const attempts = Map.groupBy(folded, ({ foldKey }) => foldKey!)
  const count = (key: string, waiting: Waiting[]) =>
    folding.count(
      key,
      waiting.map(({ row }) => row),
    )
  return { own, counted: new Map([...attempts].map(([key, waiting]) => [key, count(key, waiting)])) }
}

function reportBatch(batch: Waiting[], startedAt: number, endedAt: number): AuditReport {
  return {
    attempts: batch.length,
    folded: batch.filter(({ foldKey }) => foldKey !== null).length,
    insertMs: endedAt - startedAt,
    lagMs: endedAt - batch[0]!.since,
  }
}

/** Turns away whoever has given up, so that the log does not tell of a success that nobody was granted. */
function isAwaited({ endsAt, done }: Waiting): boolean {
  const awaited = performance.now() < endsAt
  if (!awaited) done.reject(new AuditBusy('the auth log was not written in time'))
  return awaited
}
