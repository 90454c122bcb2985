/** One lookup of a name, within 2 s by DNS and, where the hosts file is asked too, 2 s more. */
import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Empty `addresses` = failed; `error` null then means that the name has none. */
export interface Answer {
  addresses: string[]
  ttlMs: number
  error: string | null
}

const deadlineMs = 2_000
const hostsFileTtlMs = 30_000

/**
 * A and AAAA records of a name; with no `dnsServers` given also what the machine itself knows. Never rejects.
 * @param last addresses from before, for a family that fails while the other one answers.
 */
export async function lookUp(name: string, last: string[], dnsServers: string[]): Promise<Answer> {
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
