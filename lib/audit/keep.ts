/**
 * Where rows of the auth log become durable: in the database, and while that is away in the spool, which is emptied into
 * it once it is back. Then new rows go straight in again; those of the spool follow in their order, each by its id.
 */

import type { Logger } from 'pino'
import { isAway, isBadRow } from '../database/dialect.ts'
import type { AuthLogRow, Database } from '../database/schema.ts'
import { DeadlinePassed, within } from '../deadline.ts'
import type { Metrics } from '../metrics.ts'
import { pause } from '../pause.ts'
import { createInsert } from './insert.ts'
import type { Spool } from './spool.ts'
import type { SpoolBatch } from './spool-file.ts'

export interface KeepParts {
  db: Database
  log?: Pick<Logger, 'info' | 'warn' | 'error'>
  metrics?: Metrics
  /** Absent where the database is a disk itself, or there is no disk. */
  spool?: Spool
  /** Is told of rows that come into the log late. */
  stats?: { recount(rows: AuthLogRow[]): void }
}

export interface Keep {
  /**
   * Resolves when all rows are durable.
   * @param over whether some of them stand already, with a count that rises
   * @throws SpoolFull, or the error of database or disk; then, as far as is known, none of them is there
   */
  write(rows: AuthLogRow[], over: boolean): Promise<void>
  close(): Promise<void>
}

/** The login gives up after a second (lib/login/authenticate.ts), and the spool needs some of it. */
const insertMs = 400
/** Between two looks whether the database is back. The pause grows up to it, a part of it left to chance. */
const longestPauseMs = 800
/** So often it is looked whether another process has left rows. */
const adoptMs = 10_000

export function createKeep({ db, log, metrics, spool, stats }: KeepParts): Keep {
  const insert = createInsert(db, 'new')
  const insertOver = createInsert(db, 'over')
  if (!spool) return { write: (rows, over) => (over ? insertOver : insert)(rows), close: async () => {} }

  /** Nobody waits for an insert any more until one of the spool has gone through. */
  let away = false
  let draining = false
  let drained = Promise.resolve()
  const stopping = new AbortController()

  const beAway = (error: unknown) => {
    if (!away) log?.warn({ error: (error as Error).message }, 'the auth log goes to the spool')
    away = true
  }

  const bring = async (batch: SpoolBatch) => {
    const aside = [...batch.torn, ...(await insertGood(insertOver, batch.rows))]
    if (aside.length > 0) {
      await spool.setAside(aside)
      log?.error({ lines: aside.length }, 'lines of the spool were set aside: the database cannot take them')
    }
    await batch.done()
    metrics?.rowsDrained(batch.rows.length)
    stats?.recount(batch.rows)
  }

  const drain = async () => {
    draining = true
    for (let failures = 0; (away || spool.state().rows > 0) && !stopping.signal.aborted; ) {
      try {
        const batch = await spool.next()
        if (batch !== null) await bring(batch)
        // There is nothing to try it with, because the disk took nothing: the next login tries.
        else await pause(pauseAfter(failures), stopping.signal)
        if (away) log?.info({ rows: spool.state().rows }, 'the database takes rows of the auth log')
        away = false
        failures = 0
      } catch (error) {
        if (isAway(error)) beAway(error)
        else if (failures === 0) log?.error({ err: error }, 'the spool cannot be emptied')
        await pause(pauseAfter(failures), stopping.signal)
        failures += 1
      }
    }
    draining = false
  }

  const drainOnce = () => {
    if (!draining) drained = drain()
  }

  const adopt = async () => {
    try {
      await spool.adopt()
    } catch (error) {
      log?.error({ err: error }, 'the spool cannot be looked through')
    }
    drainOnce()
  }

  let adopting = adopt()
  const timer = setInterval(() => {
    adopting = adopt()
  }, adoptMs)
  timer.unref()

  return {
    async write(rows, over) {
      if (!away) {
        try {
          return await within(insertMs, (over ? insertOver : insert)(rows))
        } catch (error) {
          if (!(error instanceof DeadlinePassed || isAway(error))) throw error
          beAway(error)
        }
      }
      try {
        await spool.append(rows)
        metrics?.rowsSpooled(rows.length)
      } finally {
        drainOnce()
      }
    },
    async close() {
      clearInterval(timer)
      stopping.abort()
      await adopting
      await drained
      await spool.close()
    },
  }
}

/** @returns the rows that no database would take, as text; the others are durable */
async function insertGood(insert: (rows: AuthLogRow[]) => Promise<void>, rows: AuthLogRow[]) {
  const bad: string[] = []
  const insertEach = async (some: AuthLogRow[]) => {
    try {
      if (some.length > 0) await insert(some)
    } catch (error) {
      if (!isBadRow(error)) throw error
      if (some.length === 1) bad.push(JSON.stringify(some[0]))
      else for (const row of some) await insertEach([row])
    }
  }
  await insertEach(rows)
  return bad
}

function pauseAfter(failures: number): number {
  const pause = Math.min(longestPauseMs, 50 * 2 ** failures)
  return pause * (0.5 + Math.random() / 2)
}
