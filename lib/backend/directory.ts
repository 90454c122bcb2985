/** Where a login goes: the table, the addresses of its names and their health, put together. */
import type { Logger } from 'pino'
import type { BackendRow, Database } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import type { Endpoint } from './greeting.ts'
import { createHealthRecord, type HealthSettings } from './health.ts'
import { createResolver } from './resolve.ts'
import { createRounds } from './rounds.ts'
import { type Choice, chooseTarget, type Health, selectPool, type Wanted } from './rules.ts'
import { createSnapshot } from './snapshot.ts'
import { createTurns } from './turns.ts'

export interface DirectoryParts {
  db: Database
  /** Shares the checks with other processes. */
  hot: HotState
  log: Pick<Logger, 'info' | 'warn'>
  clock: () => number
  /** Live. */
  settings: DirectorySettings
}

export interface DirectorySettings extends HealthSettings {
  /** Time between two rounds of checks, milliseconds. */
  check_interval: number
  /** See `ResolverOptions`. */
  dns_servers: string[]
}

/** One backend as the command line and the console show it. */
export interface BackendStatus {
  backend: BackendRow
  addresses: { address: string; health: Health }[]
  /** When the name was last resolved; null = never, or the host is an address. */
  resolvedAt: number | null
  /** Why the name cannot be resolved now; null = it can, or nobody asked yet. */
  dnsError: string | null
}

export interface Directory {
  /**
   * The backend and address for a login, the same for the same user while the set of healthy ones stays.
   * @param version value of `backends:version` in the hot state, read before; another one than before makes the table be read again.
   * @returns null when no backend may and can take the login: a temporary failure.
   * @throws the database's error if the table could never be read.
   */
  choose(wanted: Wanted & { user: string }, version: string | null): Promise<Choice | null>
  /** Begins the rounds of checks. Without it every address counts as up, as fits a cloud function. */
  start(): void
  /** Ends them; when it resolves no timer, socket or query of the rounds is left. May be called twice. */
  stop(): Promise<void>
  states(): BackendStatus[]
}

/** So often a process looks whether it is its turn, or whether another one has found something. */
const newsMs = 1_000

/** In the hot state: counted up by every change of the table. */
export const versionKey = 'backends:version'

export function createDirectory(parts: DirectoryParts): Directory {
  const { db, hot, log, clock, settings } = parts
  const resolver = createResolver({ settings, clock })
  const record = createHealthRecord({ log, clock, settings })
  const turns = createTurns({ hot, versionKey, settings })
  const rounds = createRounds(takeTurn, Math.min(settings.check_interval, newsMs))
  const snapshot = createSnapshot({ db, log, clock, onChange: rounds.hurry })

  async function choose(wanted: Wanted & { user: string }, version: string | null): Promise<Choice | null> {
    const pool = selectPool(await snapshot.rowsAt(version), wanted)
    const targets = await Promise.all(
      pool.map(async backend => {
        const { addresses } = await resolver.resolve(backend.host)
        const isUp = (address: string) => record.healthOf(endpointOf(backend, address)).up
        return { backend, addresses: addresses.filter(isUp) }
      }),
    )
    return chooseTarget(targets, wanted.user)
  }

  /**
   * Checks every address if it is this process's turn, else adopts what another one has found. A draining backend still
   * has users on it.
   */
  async function takeTurn(signal: AbortSignal): Promise<void> {
    const turn = await turns.begin()
    if (turn === null) return
    const watched = (await readRows()).filter(backend => backend.state !== 'off')
    const endpoints = (await Promise.all(watched.map(findEndpoints))).flat()
    if (turn.found !== null) record.adopt(turn.found)
    if (turn.isMine && !signal.aborted) await record.check(endpoints, signal)
    if (signal.aborted) return turn.end(null)
    record.keepOnly(endpoints)
    await turn.end(record.all())
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

  function states(): BackendStatus[] {
    return snapshot.rows().map(backend => {
      const known = resolver.peek(backend.host)
      const addresses = (known?.addresses ?? []).map(address => {
        return { address, health: record.healthOf(endpointOf(backend, address)) }
      })
      return { backend, addresses, resolvedAt: known?.resolvedAt ?? null, dnsError: known?.lastError ?? null }
    })
  }

  return { choose, start: rounds.start, stop: rounds.stop, states }
}

function endpointOf({ protocol, port }: BackendRow, address: string): Endpoint {
  return { protocol, address, port }
}
