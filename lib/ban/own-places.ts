/** Addresses that a ban should not hit by mistake. */
import { networkInterfaces } from 'node:os'
import type { Actor } from '../operation/record.ts'
import { contains, type Prefix, parsePrefix } from './rules.ts'

const loopback = [parsePrefix('127.0.0.0/8')!]

/** Whether a ban would hit loopback or another address of this machine. */
export const coversThisMachine = (prefix: Prefix): boolean => coversOne(prefix, ownAddresses())

function ownAddresses(): Prefix[] {
  const addresses = Object.values(networkInterfaces()).flatMap(found => found ?? [])
  return ['127.0.0.1', '::1', ...addresses.map(({ address }) => address)].flatMap(
    text => parsePrefix(text) ?? [],
  )
}

const coversOne = (prefix: Prefix, own: Prefix[]) =>
  own.some(address => contains(prefix, address)) || loopback.some(net => contains(net, prefix))

export interface ProtectionServices {
  actor: Actor
  settings: { server: { trusted_proxies: string[] } }
}

/**
 * For many prefixes: looks at the machine once.
 * @returns what says of a prefix why its ban takes `force`; null = it does not
 */
export function findProtected({ actor, settings }: ProtectionServices): (prefix: Prefix) => string | null {
  const own = ownAddresses()
  const proxies = settings.server.trusted_proxies.flatMap(text => parsePrefix(text) ?? [])
  const askedFrom = parsePrefix(actor.address)
  return prefix => {
    if (coversOne(prefix, own)) return 'an address of this machine: nginx and webmail may come from there'
    if (proxies.some(proxy => contains(prefix, proxy) || contains(proxy, prefix)))
      return 'a proxy of server.trusted_proxies'
    return askedFrom && contains(prefix, askedFrom) ? 'your own address' : null
  }
}
