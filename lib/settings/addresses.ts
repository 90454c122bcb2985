import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { canonicalDomain } from '../domain.ts'
import { type Rejected, type ValueType, valueType } from './values.ts'

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i

/** A DNS name in ASCII. A last label of digits only is refused, because resolvers take it for an address. */
function isHostName(text: string): boolean {
  const labels = text.split('.')
  return text.length <= 253 && labels.every(part => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '')
}

function readHost(text: string): string | Rejected {
  const value = text.trim().replace(/^\[(.*)\]$/, '$1')
  if (isIP(value) !== 0 || isHostName(value)) return value
  return { rejected: 'is not a host; write an IP address or a host name, without a port' }
}

/** An IP address or a host name, without brackets around IPv6. */
export const host: ValueType<string> = valueType({ type: 'host' }, readHost)

/** A host, or empty for none. */
export const hostOrNone: ValueType<string> = valueType({ type: 'host' }, text =>
  text.trim() === '' ? '' : readHost(text),
)

// The kernel has room for 107 bytes (sun_path, unix(7)); a longer path would be cut.
const longestSocketPath = 107

/** Where the nginx listener binds: a host, or `unix:` and a path. */
export const listenAddress: ValueType<string> = valueType({ type: 'listen_address' }, text => {
  const value = text.trim()
  if (!value.startsWith('unix:')) {
    const read = readHost(value)
    return typeof read === 'string'
      ? read
      : { rejected: 'is not an address; write an IP address, a host name or unix:/path' }
  }
  const bytes = Buffer.byteLength(value.slice('unix:'.length))
  if (bytes > 0 && bytes <= longestSocketPath && !/\p{Cc}/u.test(value)) return value
  return { rejected: `is not a socket; write unix: and a path of 1 to ${longestSocketPath} bytes` }
})

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Tells whether only this machine can reach a listen address: a unix socket, `localhost`, 127.0.0.0/8 or ::1. */
export function isLocalListen(address: string): boolean {
  if (address.startsWith('unix:') || address.toLowerCase() === 'localhost') return true
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** A mail domain in its canonical form, or empty for none. */
export const domainOrNone: ValueType<string> = valueType({ type: 'domain' }, text => {
  const value = text.trim()
  return value === ''
    ? ''
    : (canonicalDomain(value) ?? { rejected: 'is not a domain; write a name like example.org' })
})

function isServer(text: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  if (isIP(text) !== 0) return true
  if (!match) return false
  const [, bracketed, plain = '', serverPort = '53'] = match
  const known = bracketed === undefined ? isIPv4(plain) : isIPv6(bracketed)
  return known && Number(serverPort) >= 1 && Number(serverPort) <= 65535
}

/** A comma-separated list of DNS servers as `dns.Resolver.setServers` takes them; empty means the system's. */
export const dnsServers: ValueType<string[]> = valueType(
  { type: 'dns_servers' },
  text => {
    const servers = text.split(',').map(part => part.trim())
    if (servers.length === 1 && servers[0] === '') return []
    if (servers.every(isServer)) return servers
    return {
      rejected: 'is not a list of DNS servers; write 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53',
    }
  },
  servers => servers.join(','),
)

/** A comma-separated list of `host:port`, each with its port; empty means none. */
export const sentinels: ValueType<string[]> = valueType(
  { type: 'servers' },
  text => {
    const servers = text.split(',').map(part => part.trim())
    if (servers.length === 1 && servers[0] === '') return []
    if (servers.every(server => readServer(server) !== null)) return servers
    return { rejected: 'is not a list of servers; write host:26379, 192.0.2.7:26379 or [2001:db8::7]:26379' }
  },
  servers => servers.join(','),
)

/** Of `host:port`; null = the text is something else. */
export function readServer(text: string): { host: string; port: number } | null {
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = readHost(bracketed ?? plain)
  const port = Number(digits)
  return typeof host === 'string' && port >= 1 && port <= 65535 ? { host, port } : null
}

/** @returns null when the text is no address with a length that is possible for it */
function readNetwork(text: string): string | null {
  const [, address = '', length] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  const wanted = length === undefined ? width : Number(length)
  return width > 0 && wanted <= width ? `${address}/${wanted}` : null
}

/** A comma-separated list of addresses and networks, each as `address/length` once read; empty means none. */
export const networks: ValueType<string[]> = valueType(
  { type: 'networks' },
  text => {
    const parts = text.split(',').map(part => part.trim())
    if (parts.length === 1 && parts[0] === '') return []
    const read = parts.map(readNetwork)
    if (read.every(network => network !== null)) return read
    return { rejected: 'is not a list of networks; write 192.0.2.10, 10.0.0.0/8 or 2001:db8::/32' }
  },
  list => list.join(','),
)

/** As a browser writes it in `Origin`: scheme, host and port, nothing behind them. */
function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text
}

/** A comma-separated list of web origins; empty means none. */
export const origins: ValueType<string[]> = valueType(
  { type: 'origins' },
  text => {
    const parts = text.split(',').map(part => part.trim())
    if (parts.length === 1 && parts[0] === '') return []
    if (parts.every(isOrigin)) return parts
    return { rejected: 'is not a list of origins; write https://console.example.org, without a path or *' }
  },
  list => list.join(','),
)
