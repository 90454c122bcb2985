/** Where an `auth_http` line of nginx leads. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isLocalListen } from '../../lib/settings/addresses.ts'

export interface AuthHttp {
  /** Name or address without brackets, or `unix:/path`. */
  host: string
  /** 0 with a socket. */
  port: number
  path: string
}

/** @returns null for what nginx would not take */
export function readAuthHttp(text: string): AuthHttp | null {
  const rest = text.replace(/^http:\/\//, '')
  const socket = /^(unix:\/[^:]+)(?::(.*))?$/.exec(rest)
  if (socket) return { host: socket[1]!, port: 0, path: socket[2] || '/' }
  const url = `http://${rest}`
  if (rest === '' || rest.includes('://') || !URL.canParse(url)) return null
  const { hostname, port, pathname } = new URL(url)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 80), path: pathname }
}

/** Whether the gateway that listens there is the one that is asked. A name counts by its first address, as in nginx. */
export async function reachesUs(place: AuthHttp, ours: { host: string; port: number }): Promise<boolean> {
  if (place.host.startsWith('unix:') || ours.host.startsWith('unix:')) return place.host === ours.host
  if (place.port !== ours.port) return false
  const [theirs, own] = [await addressOf(place.host), await addressOf(ours.host)]
  if (own !== '0.0.0.0' && own !== '::') return theirs === own
  const here = Object.values(networkInterfaces()).flatMap(each => each?.map(({ address }) => address) ?? [])
  return isLocalListen(theirs) || here.includes(theirs)
}

async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  return lookup(host).then(
    ({ address }) => address,
    () => host,
  )
}
