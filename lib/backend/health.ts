/** What is known about the addresses of all backends, kept current by checks. */
import type { Logger } from 'pino'
import { checkGreeting, type Endpoint } from './greeting.ts'
import { type Health, nextHealth, type Thresholds, unchecked } from './rules.ts'

export interface HealthSettings extends Thresholds {
  /** Time for one check, milliseconds. */
  check_timeout: number
}

interface HealthParts {
  log: Pick<Logger, 'info' | 'warn'>
  clock: () => number
  settings: HealthSettings
}

/** The record of all addresses. `check` must not run twice at once for one endpoint. */
export function createHealthRecord({ log, clock, settings }: HealthParts) {
  const records = new Map<string, Health>()

  /** What is known about an address; one that was never checked is up. */
  function healthOf(endpoint: Endpoint): Health {
    return records.get(keyOf(endpoint)) ?? unchecked(clock())
  }

  /** One check of every endpoint, all at once, each only once. Never rejects; stopped by `signal` it records nothing. */
  async function check(endpoints: Endpoint[], signal: AbortSignal): Promise<void> {
    const distinct = new Map(endpoints.map(endpoint => [keyOf(endpoint), endpoint]))
    await Promise.all([...distinct.values()].map(endpoint => checkOne(endpoint, signal)))
  }

  async function checkOne(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const outcome = await checkGreeting(endpoint, settings.check_timeout, signal)
    if (signal.aborted) return
    const before = healthOf(endpoint)
    const after = nextHealth(before, outcome, settings, clock())
    records.set(keyOf(endpoint), after)
    if (before.up && !after.up) log.warn({ ...endpoint, error: after.lastError }, 'backend down')
    if (!before.up && after.up) log.info(endpoint, 'backend up')
  }

  /** Forgets every address that is not among these: one that comes back later starts anew. */
  function keepOnly(endpoints: Endpoint[]): void {
    const kept = new Set(endpoints.map(keyOf))
    for (const key of records.keys()) if (!kept.has(key)) records.delete(key)
  }

  /** Takes over what another process has found. */
  function adopt(found: Record<string, Health>): void {
    for (const [key, health] of Object.entries(found)) records.set(key, health)
  }

  return { healthOf, check, keepOnly, adopt, all: () => Object.fromEntries(records) }
}

function keyOf({ protocol, address, port }: Endpoint): string {
  return `${protocol} ${address} ${port}`
}
