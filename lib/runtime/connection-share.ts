/** No client takes all connections of a listener. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { placeOf } from '../ban/rules.ts'
import { createTrust } from '../http/client-address.ts'

/**
 * Closes what one address, or one /64 of IPv6, opens beyond its share.
 * @param most open at the same time
 * @param proxies networks as `10.0.0.0/8`: many clients stand behind each
 */
export function limitConnections(server: Server, most: number, proxies: readonly string[]): void {
  const open = new Map<string, number>()
  const isProxy = createTrust(proxies)
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    if (isProxy(address)) return
    const place = placeOf(address) ?? ''
    const count = (open.get(place) ?? 0) + 1
    if (count > most) {
      socket.destroy()
      return
    }
    open.set(place, count)
    socket.once('close', () => {
      const left = open.get(place)! - 1
      if (left === 0) open.delete(place)
      else open.set(place, left)
    })
  })
}
