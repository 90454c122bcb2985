/** The backends table in memory, as new as the version a login has just read from the hot state. */
import type { Logger } from 'pino'
import type { BackendRow, Database } from '../database/schema.ts'

interface SnapshotParts {
  db: Database
  log: Pick<Logger, 'warn'>
  clock: () => number
  /** Called after a new version was read. */
  onChange: () => void
}

const retryMs = 1_000

/** The whole table in the order people expect to read it. */
export function readBackends(db: Database): Promise<BackendRow[]> {
  return db
    .selectFrom('backends')
    .selectAll()
    .orderBy('protocol')
    .orderBy('tier')
    .orderBy('host')
    .orderBy('port')
    .execute()
}

/** Holds one copy of the table. With the database away an old copy goes on being used, also past its version. */
export function createSnapshot({ db, log, clock, onChange }: SnapshotParts) {
  let held: { version: string | null; rows: BackendRow[] } | null = null
  let reading: { version: string | null; rows: Promise<BackendRow[]> } | null = null
  let lastTurn = 0
  let heldTurn = 0
  let failedAt = Number.NEGATIVE_INFINITY

  /**
   * The rows at this version or newer. Calls that want the same version share one read.
   * @throws the database's error if it is away and nothing was ever read.
   */
  async function rowsAt(version: string | null): Promise<BackendRow[]> {
    if (held !== null && (held.version === version || clock() - failedAt < retryMs)) return held.rows
    if (reading?.version !== version) reading = { version, rows: read(version, onChange) }
    const mine = reading
    try {
      return await mine.rows
    } finally {
      if (reading === mine) reading = null
    }
  }

  /** Reads the table whatever the version: the hot state may have forgotten it. Throws as `rowsAt` does. */
  function reread(): Promise<BackendRow[]> {
    return read(held?.version ?? null)
  }

  async function read(version: string | null, onNews = () => {}): Promise<BackendRow[]> {
    lastTurn += 1
    const turn = lastTurn
    try {
      const rows = await readBackends(db)
      // A slow older read must not replace what a younger one has brought.
      if (turn > heldTurn) {
        heldTurn = turn
        held = { version, rows }
        failedAt = Number.NEGATIVE_INFINITY
      }
      onNews()
      return held?.rows ?? rows
    } catch (error) {
      if (held === null) throw error
      failedAt = clock()
      log.warn({ err: error }, 'backends not read, the last copy stays in use')
      return held.rows
    }
  }

  return { rowsAt, reread, rows: (): BackendRow[] => held?.rows ?? [] }
}
