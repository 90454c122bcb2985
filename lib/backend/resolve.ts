/** Names to addresses, by ourselves: nginx takes only IP literals in `Auth-Server` (src/core/ngx_inet.c, ngx_parse_addr). */
import { isIP } from 'node:net'
import { lookUp } from './lookup.ts'

/** What is known about a name. Times are UTC milliseconds, lengths of time milliseconds. */
export interface Resolution {
  /** IP literals without brackets; the last good ones while the name cannot be resolved; empty = never resolved. */
  addresses: string[]
  /** When these addresses were last confirmed; null = never, or the name is itself an address. */
  resolvedAt: number | null
  /** Why the latest lookup failed; null = it did not. */
  lastError: string | null
  askedAt: number
  /** How long after `askedAt` the answer may be used without asking again. */
  ttlMs: number
}

export interface ResolverOptions {
  /** Live. Name servers, `address` or `address:port`; empty = those of the machine, and then its hosts file. */
  settings: { dns_servers: string[] }
  clock: () => number
}

const shortestTtlMs = 1_000
const longestTtlMs = 3_600_000
const retryMs = 5_000
const staleMs = 10_000

/** A cache of names. One lookup at a time per name; a failed one keeps the last good addresses. Nothing here rejects. */
export function createResolver({ settings, clock }: ResolverOptions) {
  const known = new Map<string, Resolution>()
  /** Whom the known answers are of. */
  const asked = new WeakMap<Resolution, string[]>()
  const running = new Map<string, Promise<Resolution>>()

  /**
   * The addresses of a name. A new name is waited for, 4 s at the longest. A cached one is handed out at once until
   * `maxStaleMs` after its time to live, while a lookup runs in the background; later than that the lookup is waited for.
   */
  async function resolve(name: string, maxStaleMs: number = staleMs): Promise<Resolution> {
    if (isIP(name) !== 0) return literal(name, clock())
    const last = known.get(name)
    // What other servers have said is no answer of these.
    if (last === undefined || asked.get(last) !== settings.dns_servers) return refresh(name)
    const age = clock() - last.askedAt
    // A clock that was set back must not make an old answer young again.
    if (age >= 0 && age < last.ttlMs) return last
    const fresh = refresh(name)
    return age >= 0 && age < last.ttlMs + maxStaleMs ? last : fresh
  }

  function refresh(name: string): Promise<Resolution> {
    const servers = settings.dns_servers
    const question = [name, ...servers].join(' ')
    const flight = running.get(question) ?? askAgain(name, servers).finally(() => running.delete(question))
    running.set(question, flight)
    return flight
  }

  async function askAgain(name: string, servers: string[]): Promise<Resolution> {
    const last = known.get(name)
    const answer = await lookUp(name, last?.addresses ?? [], servers)
    const now = clock()
    const failed = answer.addresses.length === 0
    const next: Resolution = {
      addresses: failed ? (last?.addresses ?? []) : answer.addresses,
      resolvedAt: failed ? (last?.resolvedAt ?? null) : now,
      lastError: failed ? (answer.error ?? 'the name has no address') : null,
      askedAt: now,
      ttlMs: failed ? retryMs : Math.min(Math.max(answer.ttlMs, shortestTtlMs), longestTtlMs),
    }
    asked.set(next, servers)
    known.set(name, next)
    return next
  }

  /** What is known now, without asking; null = the name was never asked for. */
  function peek(name: string): Resolution | null {
    return isIP(name) !== 0 ? literal(name, clock()) : (known.get(name) ?? null)
  }

  return { resolve, peek }
}

function literal(address: string, now: number): Resolution {
  return { addresses: [address], resolvedAt: null, lastError: null, askedAt: now, ttlMs: longestTtlMs }
}
