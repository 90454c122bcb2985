/** Who asks: the address of the connection, or the one that trusted proxies tell. */
import { BlockList, isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ApiGatewayRequestContextV2 } from 'hono/aws-lambda'
import { isOneSharedSecret } from '../shared-secret.ts'

type Host = Partial<HttpBindings & { requestContext: ApiGatewayRequestContextV2 }>

/** Who is connected; '' where the host does not tell. */
export function peerOf(c: Context): string {
  const { incoming, requestContext }: Host = c.env ?? {}
  return plain(incoming?.socket.remoteAddress ?? requestContext?.http.sourceIp ?? '')
}

/** In which the proxy in front of us shows `server.proxy_secret`. Read here, and nowhere else. */
export const proxySecretHeader = 'X-Proxy-Key'

export interface TrustSettings {
  /** Networks as `10.0.0.0/8`. */
  trusted_proxies: readonly string[]
  /** Each of them is good; none = none is asked for. */
  proxy_secret: readonly string[]
}

/**
 * Whoever is connected is a trusted proxy by its address or, where there is a secret, by showing it and not otherwise:
 * others may send from the same address, as all customers of a CDN do. A proxy further away is known by its address alone.
 * @returns what finds the client of a request: the last of X-Forwarded-For that no trusted proxy is itself. What stands
 *   before it, anybody can have written.
 */
export function createClientFinder({ trusted_proxies, proxy_secret }: TrustSettings): (c: Context) => string {
  const isTrusted = createTrust(trusted_proxies)
  const isProxy = (peer: string, c: Context) =>
    proxy_secret.length === 0
      ? isTrusted(peer)
      : isOneSharedSecret(proxy_secret, c.req.header(proxySecretHeader) ?? '')
  return c => {
    let client = peerOf(c)
    let isBelieved = isProxy(client, c)
    const told = (c.req.header('X-Forwarded-For') ?? '').split(',').reverse()
    for (const text of told) {
      const next = plain(text.trim())
      if (isIP(next) === 0 || !isBelieved) break
      client = next
      isBelieved = isTrusted(client)
    }
    return client
  }
}

/**
 * @param proxies networks as `10.0.0.0/8`
 * @returns whether an address, in any spelling, is one of theirs
 */
export function createTrust(proxies: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList()
  for (const network of proxies) {
    const [address = '', length] = network.split('/')
    trusted.addSubnet(address, Number(length), familyOf(address))
  }
  return address => {
    const client = plain(address)
    return isIP(client) !== 0 && trusted.check(client, familyOf(client))
  }
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Without zone, brackets and port, IPv4 inside IPv6 as IPv4. */
function plain(text: string): string {
  const [, bracketed, withPort] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? []
  return (bracketed ?? withPort ?? text).replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, '')
}
