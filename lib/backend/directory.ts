/** Where a login goes: the table, the addresses of its names and their health, put together. */
import type { Logger } from 'pino'
import type { BackendRow, Database } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import type { Endpoint } from './greeting.ts'
import { createHealthRecord, type HealthSettings, keyOf, type Turned } from './health.ts'
import { createHistory } from './history.ts'
import { createResolver } from './resolve.ts'
import { createRounds } from './rounds.ts'
import {
  type Choice,
  chooseTarget,
  findPool,
  isActive,
  type Pool,
  type Target,
  type Wanted,
} from './rules.ts'
import type { BackendStatus } from './shapes.ts'
import { createSnapshot } from './snapshot.ts'
import { createTurns, type Found } from './turns.ts'

export interface DirectoryParts {
  db: Database
  /** Shares the checks with other processes. */
  hot: HotState
  log: Pick<Logger, 'info' | 'warn'>
  clock: () => number
  /** Name of this process. */
  node: string
  /** Live. */
  settings: DirectorySettings
}

export interface DirectorySettings extends HealthSettings {
  /** Time between two rounds of checks, milliseconds. */
  check_interval: number
  /** See `ResolverOptions`. */
  dns_servers: string[]
}

/** How a login finds its backend. */
export interface Weighing extends Pool {
  /** The active ones, with those of their addresses that are up. */
  targets: Target[]
  /** null = none may and can take the login: a temporary failure. */
  choice: Choice | null
}

export interface Directory {
  /**
   * The backend and address for a login, the same for the same user while the set of healthy ones stays, and how it
   * came to that.
   * @param version value of `backends:version` in the hot state, read before; another one than before makes the table be read again.
   * @throws the database's error if the table could never be read.
   */
  weigh(wanted: Wanted & { user: string }, version: string | null): Promise<Weighing>
  /** Begins the rounds of checks. Without it every address counts as up, as fits a cloud function. */
  start(): void
  /** Ends them; when it resolves no timer, socket or query of the rounds is left. May be called twice. */
  stop(): Promise<void>
  /** What is known here now. */
  states(): BackendStatus[]
  /**
   * The same anew: the table is read, names are resolved, and a process without rounds asks what others have found.
   * @throws the database's error if the table could never be read
   */
  look(): Promise<BackendStatus[]>
}

/** So often a process looks whether it is its turn, or whether another one has found something. */
const newsMs = 1_000

/** In the hot state: counted up by every change of the table. */
export const versionKey = 'backends:version'

export function createDirectory(parts: DirectoryParts): Directory {
  const { db, hot, log, clock, node, settings } = parts
  const resolver = createResolver({ settings, clock })
  const record = createHealthRecord({ log, clock, node, settings })
  const history = createHistory({ db, log })
  const turns = createTurns({ hot, versionKey, settings })
  const rounds = createRounds(takeTurn, Math.min(settings.check_interval, newsMs))
  const snapshot = createSnapshot({ db, log, clock, onChange: rounds.hurry })

  let hasRounds = false

  async function weigh(wanted: Wanted & { user: string }, version: string | null): Promise<Weighing> {
    const pool = findPool(await snapshot.rowsAt(version), wanted)
    const targets = await Promise.all(
      pool.members.filter(isActive).map(async backend => {
        const { addresses } = await resolver.resolve(backend.host)
        const isUp = (address: string) => record.healthOf(endpointOf(backend, address)).up
        return { backend, addresses: addresses.filter(isUp) }
      }),
    )
    return { ...pool, targets, choice: chooseTarget(targets, wanted.user) }
  }

  /**
   * Checks every address if it is this process's turn, else adopts what another one has found. A draining backend still
   * has users on it.
   */
  async function takeTurn(signal: AbortSignal): Promise<void> {
    const turn = await turns.begin()
    if (turn === null) return
    const watched = (await readRows()).filter(backend => backend.state !== 'off')
    const places = await Promise.all(watched.map(findEndpoints))
    const endpoints = places.flat()
    if (turn.found !== null) record.adopt(turn.found)
    const turned = turn.isMine && !signal.aborted ? await record.check(endpoints, signal) : []
    history.note(watched.flatMap(({ id }, i) => turned.filter(isAmong(places[i]!)).map(toChange(id))))
    if (signal.aborted) return turn.end(null)
    record.keepOnly(endpoints)
    await turn.end(record.all())
    await history.flush()
  }

  async function readRows(): Promise<BackendRow[]> {
    try {
      return await snapshot.reread()
    } catch (error) {
      log.warn({ err: error }, 'backends not read')
      return []
    }
  }

  async function findEndpoints(backend: BackendRow): Promise<Endpoint[]> {
    const before = resolver.peek(backend.host)?.lastError ?? null
    const { addresses, lastError, resolvedAt } = await resolver.resolve(backend.host, 0)
    if (lastError !== null && before === null) {
      log.warn({ host: backend.host, addresses, resolvedAt, error: lastError }, 'backend name not resolved')
    }
    return addresses.map(address => endpointOf(backend, address))
  }

  const states = () => snapshot.rows().map(backend => describe(backend))

  async function look(): Promise<BackendStatus[]> {
    const [rows, found] = await Promise.all([snapshot.reread(), hasRounds ? null : turns.peek()])
    await Promise.all(rows.map(({ host }) => resolver.resolve(host)))
    return rows.map(backend => describe(backend, found))
  }

  function describe(backend: BackendRow, found: Found | null = null): BackendStatus {
    const known = resolver.peek(backend.host)
    const health = (known?.addresses ?? []).map(address => {
      const endpoint = endpointOf(backend, address)
      return { address, ...(found?.[keyOf(endpoint)] ?? record.healthOf(endpoint)) }
    })
    return { ...backend, health, resolved_at: known?.resolvedAt ?? null, dns_error: known?.lastError ?? null }
  }

  return {
    weigh,
    start() {
      hasRounds = true
      rounds.start()
    },
    stop: rounds.stop,
    states,
    look,
  }
}

const isAmong = (endpoints: Endpoint[]) => (turned: Turned) =>
  endpoints.some(endpoint => keyOf(endpoint) === keyOf(turned))

const toChange =
  (backend_id: string) =>
  ({ address, health }: Turned) => ({
    backend_id,
    address,
    time: health.since,
    up: health.up,
    error: health.last_error,
    node: health.checked_by ?? '',
  })

function endpointOf({ protocol, port }: BackendRow, address: string): Endpoint {
  return { protocol, address, port }
}
