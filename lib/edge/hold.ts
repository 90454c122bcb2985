/** A refusal that holds for a while whatever is tried: a relay may give it by itself. */
import { contains, parsePrefix } from '../ban/rules.ts'

/** Reasons of refusals that no password changes (lib/login/reasons.ts). */
export const heldReasons = [
  'banned',
  'banned_automatically',
  'locked',
  'locked_here',
  'many_networks',
  'shut_to_strangers',
] as const

/** Nobody waits longer than that for a ban or lock that was lifted. */
export const longestHoldMs = 60_000

export type HeldReason = (typeof heldReasons)[number]

export interface Hold {
  reason: HeldReason
  /** Where it holds. */
  prefix: string
  /** Whether it holds for the user of the request alone. */
  ofUser: boolean
  /** For how long: up to `longestHoldMs`. */
  ms: number
}

/** Bits of a prefix. What bans more is asked about each time: a gateway that is mistaken must not shut out half of the world. */
const widest = { ipv4: 8, ipv6: 16 }

/**
 * @param clientAddress of the login that was refused
 * @returns why a relay must not keep it, as the end of a sentence; null = it may
 */
export function findExcess({ prefix: text, ms }: Hold, clientAddress: string): string | null {
  const prefix = parsePrefix(text)
  const client = parsePrefix(clientAddress)
  if (prefix === null || client === null || !contains(prefix, client))
    return 'it does not hold where the client is'
  if (prefix.bits.length < widest[prefix.family]) return `it is wider than a /${widest[prefix.family]}`
  return ms > longestHoldMs ? `it is longer than ${longestHoldMs / 1_000} s` : null
}
