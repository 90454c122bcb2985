/** Writing the auth log: many logins share one durable insert. */
import type { AuthLogRow, Database } from '../database/schema.ts'

export interface AuditTrail {
  /**
   * Resolves when the row is durable. Rows that arrive while an insert is in flight go together with the next one,
   * so throughput rises with load and a lone login waits for nobody; no timer runs on an idle machine.
   * @param patienceMs a row whose insert cannot begin by then is not written any more: nobody waits for it
   * @throws AuditBusy when the row waited too long or too many wait already, or whatever the insert throws: then no row
   *   of its batch was written
   */
  append(row: AuthLogRow, patienceMs: number): Promise<void>
}

export class AuditBusy extends Error {
  override name = 'AuditBusy'
}

interface Waiting {
  row: AuthLogRow
  /** On the monotonic clock. */
  endsAt: number
  done: PromiseWithResolvers<void>
}

/** Twelve columns each: stays far below the 32,766 variables that one SQLite statement may have. */
const rowsPerInsert = 500
/** Bounds the memory while the disk hangs; far more than can wait in a second of a working one. */
const mostWaiting = 5_000
/** A batch leaves when so many wait, or when two turns of the event loop brought nothing new. */
const enoughRows = 32
const quietTurns = 2

export function createAuditTrail(db: Database): AuditTrail {
  let waiting: Waiting[] = []
  let writing = false

  const gather = async () => {
    let seen = 0
    for (let quiet = 0; quiet < quietTurns && waiting.length < enoughRows; ) {
      quiet = waiting.length === seen ? quiet + 1 : 0
      seen = waiting.length
      await nextTurn()
    }
    const batch = waiting.slice(0, rowsPerInsert)
    waiting = waiting.slice(rowsPerInsert)
    return batch.filter(isAwaited)
  }

  const writeAll = async () => {
    writing = true
    while (waiting.length > 0) {
      const batch = await gather()
      if (batch.length === 0) continue
      try {
        await db
          .insertInto('auth_log')
          .values(batch.map(({ row }) => row))
          .execute()
        for (const { done } of batch) done.resolve()
      } catch (error) {
        for (const { done } of batch) done.reject(error)
      }
    }
    writing = false
  }

  return {
    async append(row, patienceMs) {
      if (waiting.length >= mostWaiting)
        throw new AuditBusy(`${mostWaiting} rows of the auth log wait already`)
      const done = Promise.withResolvers<void>()
      waiting.push({ row, endsAt: performance.now() + patienceMs, done })
      if (!writing) void writeAll()
      return done.promise
    },
  }
}

/** Turns away whoever has given up, so that the log does not tell of a success that nobody was granted. */
function isAwaited({ endsAt, done }: Waiting): boolean {
  const awaited = performance.now() < endsAt
  if (!awaited) done.reject(new AuditBusy('the auth log was not written in time'))
  return awaited
}

const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve))
