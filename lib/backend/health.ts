/** What is known about the addresses of all backends, kept current by checks. */
import type { Logger } from 'pino'
import { checkGreeting, type Endpoint } from './greeting.ts'
import { nextHealth, type Thresholds, unchecked } from './rules.ts'
import type { KnownHealth } from './shapes.ts'

export interface HealthSettings extends Thresholds {
  /** Time for one check, milliseconds. */
  check_timeout: number
}

interface HealthParts {
  log: Pick<Logger, 'info' | 'warn'>
  clock: () => number
  /** Name of this process. */
  node: string
  settings: HealthSettings
}

/** An address that went up or down, or was checked for the first time. */
export interface Turned extends Endpoint {
  health: KnownHealth
}

/** The record of all addresses. `check` must not run twice at once for one endpoint. */
export function createHealthRecord({ log, clock, node, settings }: HealthParts) {
  const records = new Map<string, KnownHealth>()

  /** What is known about an address; one that was never checked is up. */
  function healthOf(endpoint: Endpoint): KnownHealth {
    return records.get(keyOf(endpoint)) ?? { ...unchecked(clock()), checked_by: null }
  }

  /** One check of every endpoint, all at once, each only once. Never rejects; stopped by `signal` it records nothing. */
  async function check(endpoints: Endpoint[], signal: AbortSignal): Promise<Turned[]> {
    const distinct = new Map(endpoints.map(endpoint => [keyOf(endpoint), endpoint]))
    const turned = await Promise.all([...distinct.values()].map(endpoint => checkOne(endpoint, signal)))
    return turned.filter(each => each !== null)
  }

  async function checkOne(endpoint: Endpoint, signal: AbortSignal): Promise<Turned | null> {
    const outcome = await checkGreeting(endpoint, settings.check_timeout, signal)
    if (signal.aborted) return null
    const before = healthOf(endpoint)
    const health = { ...nextHealth(before, outcome, settings, clock()), checked_by: node }
    records.set(keyOf(endpoint), health)
    if (before.up && !health.up) log.warn({ ...endpoint, error: health.last_error }, 'backend down')
    if (!before.up && health.up) log.info(endpoint, 'backend up')
    return before.checked_at === null || before.up !== health.up ? { ...endpoint, health } : null
  }

  /** Forgets every address that is not among these: one that comes back later starts anew. */
  function keepOnly(endpoints: Endpoint[]): void {
    const kept = new Set(endpoints.map(keyOf))
    for (const key of records.keys()) if (!kept.has(key)) records.delete(key)
  }

  /** Takes over what another process has found. */
  function adopt(found: Record<string, KnownHealth>): void {
    for (const [key, health] of Object.entries(found)) records.set(key, health)
  }

  return { healthOf, check, keepOnly, adopt, all: () => Object.fromEntries(records) }
}

/** The name of an address among all that are known. */
export function keyOf({ protocol, address, port }: Endpoint): string {
  return `${protocol} ${address} ${port}`
}
