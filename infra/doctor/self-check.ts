/** What only the running gateway can tell about itself; the doctor asks for it over the control socket. */
import cluster from 'node:cluster'
import type { SpoolState } from '../../lib/audit/spool.ts'
import type { Services } from '../../lib/runtime/services.ts'

export interface SelfCheck {
  /** Of the process to send signals to: of a gateway with workers, their primary. */
  pid: number
  /** Where it listens for nginx. */
  host: string
  port: number
  stores: Services['stores']
  /** Why a row cannot be written; null = it can. */
  database: string | null
  /** What waits on its disk for the database; null = nothing ever does. */
  spool: SpoolState | null
  /** Why the hot state cannot be used; null = it can. */
  hotState: string | null
  /** By how much the wall clock has been set since the start, in milliseconds. */
  clockMovedMs: number
}

/** Changes nothing: the row it writes is rolled back. Never rejects. */
export async function checkSelf({ db, audit, hot, settings, clock, stores }: Services): Promise<SelfCheck> {
  const { host, port } = settings.auth_server
  return {
    pid: cluster.isWorker ? process.ppid : process.pid,
    host,
    port,
    stores,
    database: await reasonOf(writeNothing(db)),
    spool: audit.spooled(),
    hotState: await reasonOf(hot.apply([{ op: 'read', key: 'doctor' }])),
    clockMovedMs: Math.round(clock() - (performance.timeOrigin + performance.now())),
  }
}

async function writeNothing(db: Services['db']): Promise<void> {
  const transaction = await db.startTransaction().execute()
  try {
    const row = { name: 'doctor', value: '', updated_at: 0 }
    await transaction.insertInto('system_config').values(row).execute()
  } finally {
    await transaction.rollback().execute()
  }
}

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: Error) => error.message,
  )
