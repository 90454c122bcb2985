/** Deleting what is older than it needs to be, in steps that nobody notices. */

import { sql } from 'kysely'
import type { Database, Tables } from '../database/schema.ts'
import { pause } from '../pause.ts'
import { minutesKeptMs } from './recount.ts'
import { rollUpRecent } from './roll-up.ts'
import { dayMs, floorTo, hourMs } from './times.ts'

export interface RetentionServices {
  db: Database
  logDb: Database
  clock: () => number
  settings: {
    log: { retention: number }
    guessing: { familiar_for: number }
    totp: { grant_idle: number; grant_max: number }
  }
}

const rowsPerStatement = 1_000
/** Between two statements, so that an hour's deleting leaves the disk to logins. */
const pauseMs = 50
/** Ended grants and networks that are familiar no more stay so long as a record. */
const recordMs = 30 * dayMs

/**
 * Deletes all that is due. A job: one process does it for all. What it leaves undone when stopped is done at the next
 * time.
 * @param signal ends it between two statements
 */
export async function deleteOld(services: RetentionServices, signal: AbortSignal): Promise<void> {
  const { clock } = services
  const { log, guessing, totp } = services.settings
  const now = clock()
  // Else minutes could go that no hour has been made of yet.
  await rollUpRecent(services)
  const records = now - recordMs
  const due: Due[] = [
    { table: 'auth_stats', column: 'minute', before: floorTo(hourMs, now - minutesKeptMs) },
    { table: 'active_users', column: 'last_success_at', before: now - dayMs },
    { table: 'known_networks', column: 'last_success_at', before: records - guessing.familiar_for },
    // They tell what somebody was told already, for up to thirty days (lib/notify/notice.ts).
    { table: 'notifications', column: 'created_at', before: records - dayMs },
    // By then every kind of end has come.
    { table: 'grants', column: 'used_at', before: records - Math.max(totp.grant_idle, totp.grant_max) },
  ]
  if (log.retention > 0) {
    const edge = now - log.retention
    due.push({ table: 'auth_log', column: 'time', before: edge })
    for (const table of ['auth_rollups', 'auth_tops'] as const) {
      due.push({ table, column: 'start', before: floorTo(hourMs, edge), span: 'hour' })
      due.push({ table, column: 'start', before: floorTo(dayMs, edge), span: 'day' })
    }
  }
  for (const each of due) {
    while (!signal.aborted && (await deleteSome(services, each))) {
      await pause(pauseMs, signal)
    }
  }
}

interface Due {
  table: keyof Tables
  /** Of UTC milliseconds. */
  column: string
  before: number
  span?: 'hour' | 'day'
}

/** The oldest thousand, and those of the same millisecond. @returns whether there may be more */
async function deleteSome({ db, logDb }: RetentionServices, { table, column, before, span }: Due) {
  const time = sql.ref<number>(column)
  const ofSpan = span === undefined ? sql<boolean>`1 = 1` : sql<boolean>`span = ${span}`
  const readTime = async (offset: number) => {
    const old = logDb.selectFrom(table).select(time.as('time')).where(time, '<', before).where(ofSpan)
    return (await old.orderBy(time).offset(offset).limit(1).executeTakeFirst())?.time
  }
  const oldest = await readTime(0)
  if (oldest === undefined) return false
  const next = await readTime(rowsPerStatement)
  const edge = next === undefined ? before : Math.max(next, oldest + 1)
  await db.deleteFrom(table).where(time, '<', edge).where(ofSpan).execute()
  return next !== undefined
}
