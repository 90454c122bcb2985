/** Who asks: the address of the connection, or the one that trusted proxies tell. */
import { BlockList, isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ApiGatewayRequestContextV2 } from 'hono/aws-lambda'

type Host = Partial<HttpBindings & { requestContext: ApiGatewayRequestContextV2 }>

/** Who is connected; '' where the host does not tell. */
export function peerOf(c: Context): string {
  const { incoming, requestContext }: Host = c.env ?? {}
  return plain(incoming?.socket.remoteAddress ?? requestContext?.http.sourceIp ?? '')
}

/**
 * @param proxies networks as `10.0.0.0/8`
 * @returns what finds the client of a request: the last of X-Forwarded-For that no trusted proxy is itself. What stands
 *   before it, anybody can have written.
 */
export function createClientFinder(proxies: readonly string[]): (c: Context) => string {
  const isTrusted = createTrust(proxies)
  return c => {
    let client = peerOf(c)
    const told = (c.req.header('X-Forwarded-For') ?? '').split(',').reverse()
    for (const text of told) {
      const next = plain(text.trim())
      if (isIP(next) === 0 || !isTrusted(client)) break
      client = next
    }
    return client
  }
}

/**
 * @param proxies as above
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
