/** Names to addresses, by ourselves: nginx takes only IP literals in `Auth-Server` (src/core/ngx_inet.c, ngx_parse_addr). */
import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

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
  /** Name servers, `address` or `address:port`; empty = those of the machine, and then its hosts file. */
  dnsServers: string[]
  clock: () => number
}

export type NameResolver = ReturnType<typeof createResolver>

interface Answer {
  addresses: string[]
  ttlMs: number
  error: string | null
}

const deadlineMs = 2_000
const shortestTtlMs = 1_000
const longestTtlMs = 3_600_000
const retryMs = 5_000
const hostsFileTtlMs = 30_000
const staleMs = 10_000

/** A cache of names. One lookup at a time per name; a failed one keeps the last good addresses. Nothing here rejects. */
export function createResolver({ dnsServers, clock }: ResolverOptions) {
  const known = new Map<string, Resolution>()
  const running = new Map<string, Promise<Resolution>>()

  /**
   * The addresses of a name. A new name is waited for, 4 s at the longest. A cached one is handed out at once until
   * `maxStaleMs` after its time to live, while a lookup runs in the background; later than that the lookup is waited for.
   */
  async function resolve(name: string, maxStaleMs: number = staleMs): Promise<Resolution> {
    if (isIP(name) !== 0) return literal(name, clock())
    const last = known.get(name)
    if (last === undefined) return refresh(name)
    const age = clock() - last.askedAt
    // A clock that was set back must not make an old answer young again.
    if (age >= 0 && age < last.ttlMs) return last
    const fresh = refresh(name)
    return age >= 0 && age < last.ttlMs + maxStaleMs ? last : fresh
  }

  function refresh(name: string): Promise<Resolution> {
    const flight = running.get(name) ?? askAgain(name).finally(() => running.delete(name))
    running.set(name, flight)
    return flight
  }

  async function askAgain(name: string): Promise<Resolution> {
    const last = known.get(name)
    const answer = await ask(name, last?.addresses ?? [], dnsServers)
    const now = clock()
    const failed = answer.addresses.length === 0
    const next: Resolution = {
      addresses: failed ? (last?.addresses ?? []) : answer.addresses,
      resolvedAt: failed ? (last?.resolvedAt ?? null) : now,
      lastError: failed ? (answer.error ?? 'the name has no address') : null,
      askedAt: now,
      ttlMs: failed ? retryMs : Math.min(Math.max(answer.ttlMs, shortestTtlMs), longestTtlMs),
    }
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

async function ask(name: string, last: string[], dnsServers: string[]): Promise<Answer> {
  const fromDns = await askServers(name, last, dnsServers)
  if (fromDns.addresses.length > 0 || dnsServers.length > 0) return fromDns
  const fromHosts = await askMachine(name)
  return fromHosts.addresses.length > 0
    ? fromHosts
    : { ...fromHosts, error: fromDns.error ?? fromHosts.error }
}

/** A and AAAA at once. A family whose query fails keeps its last addresses as long as the other one answers. */
async function askServers(name: string, last: string[], dnsServers: string[]): Promise<Answer> {
  // One resolver per lookup: cancel() then ends just this one, and a changed resolv.conf is seen.
  const resolver = new Resolver({ timeout: 700, tries: 2 })
  if (dnsServers.length > 0) resolver.setServers(dnsServers)
  const timer = setTimeout(() => resolver.cancel(), deadlineMs)
  const [four, six] = await Promise.all([
    toAnswer(resolver.resolve4(name, { ttl: true })),
    toAnswer(resolver.resolve6(name, { ttl: true })),
  ])
  clearTimeout(timer)
  const error = four.error ?? six.error
  if (four.addresses.length + six.addresses.length === 0) return { addresses: [], ttlMs: 0, error }
  const keep = (answer: Answer, family: number) =>
    answer.error === null ? answer.addresses : last.filter(address => isIP(address) === family)
  return {
    addresses: [...keep(four, 4), ...keep(six, 6)],
    ttlMs: Math.min(four.ttlMs, six.ttlMs),
    error,
  }
}

async function toAnswer(query: Promise<{ address: string; ttl: number }[]>): Promise<Answer> {
  try {
    const records = await query
    const ttlMs = Math.min(...records.map(record => record.ttl * 1_000))
    return { addresses: [...new Set(records.map(record => record.address))], ttlMs, error: null }
  } catch (error) {
    const code = codeOf(error)
    const absent = code === 'ENOTFOUND' || code === 'ENODATA'
    return { addresses: [], ttlMs: Number.POSITIVE_INFINITY, error: absent ? null : describe(code) }
  }
}

/** The machine's own way, which knows the hosts file but no time to live. It cannot be cancelled, only left behind. */
async function askMachine(name: string): Promise<Answer> {
  const abandon = new AbortController()
  try {
    const late = wait(deadlineMs, [], { signal: abandon.signal })
    const found = await Promise.race([lookup(name, { all: true }), late])
    const addresses = [...new Set(found.map(({ address }) => address))]
    return { addresses, ttlMs: hostsFileTtlMs, error: addresses.length > 0 ? null : describe('ETIMEOUT') }
  } catch (error) {
    return { addresses: [], ttlMs: 0, error: describe(codeOf(error)) }
  } finally {
    abandon.abort()
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

function describe(code: string): string {
  if (code === 'ENOTFOUND' || code === 'ENODATA') return 'the name has no address'
  if (code === 'ETIMEOUT' || code === 'ECANCELLED') return `no answer within ${deadlineMs} ms`
  return `name lookup failed: ${code}`
}
