/** Writing the auth log: many logins share one durable insert. */
import type { AuthLogRow, Database } from '../database/schema.ts'

export interface AuditTrail {
  /**
   * Resolves when the row is durable. Rows that arrive while an insert is in flight go together with the next one,
   * so throughput rises with load and a lone login waits for nobody; no timer runs on an idle machine.
   * @throws whatever the insert throws: then no row of its batch was written
   */
  append(row: AuthLogRow): Promise<void>
}

interface Waiting {
  row: AuthLogRow
  done: PromiseWithResolvers<void>
}

/** Twelve columns each: stays far below the 32,766 variables that one SQLite statement may have. */
const rowsPerInsert = 500
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
    return batch
  }

  const writeAll = async () => {
    writing = true
    while (waiting.length > 0) {
      const batch = await gather()
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
    append(row) {
      const done = Promise.withResolvers<void>()
      waiting.push({ row, done })
      if (!writing) void writeAll()
      return done.promise
    },
  }
}

const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve))
