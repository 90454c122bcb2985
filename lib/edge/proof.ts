/** Whether a login request comes from where login requests may come from. */
import type { Settings } from '../settings/definitions.ts'
import { isOneSharedSecret } from '../shared-secret.ts'
import { digestOf, idHeader, isSignature, type Line, signatureHeader, timeHeader } from './sign.ts'

export type EdgeSettings = Pick<Settings, 'edge'> & { auth_server: { secret: string } }

export interface Asked {
  method: string
  path: string
  lines: readonly Line[]
}

export interface Proof {
  /** Id that a relay has given the request: it understands more than nginx; null = nginx itself asks. */
  relayed: string | null
  /** The same for a request and its repetitions; null = nobody says which are. */
  once: string | null
}

/** For the clock of the relay, and the way. */
const toleranceMs = 30_000

/** UUIDv7, as of `newId`. */
const relayId = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/
/** nginx's `$request_id`. */
const nginxId = /^[\da-f]{32}$/

/**
 * @param now UTC milliseconds
 * @returns null when what `edge.auth` or `auth_server.secret` asks for is missing, or no good
 */
export function readProof({ edge, auth_server }: EdgeSettings, asked: Asked, now: number): Proof | null {
  const { lines } = asked
  if (edge.auth === 'off')
    return hasSecret([auth_server.secret], lines) ? { relayed: null, once: null } : null
  const id = findValue(lines, idHeader)
  // With the content: a hop that gives the same id to all would have one client's answer given to the others.
  const once = `${id} ${digestOf(lines)}`
  if (edge.auth === 'hmac') return isSigned(edge.secret, asked, id, now) ? { relayed: id, once } : null
  return hasSecret(edge.secret, lines) ? { relayed: null, once: nginxId.test(id) ? once : null } : null
}

/** Whether one of these is in X-Auth-Key; '' asks for none. */
export function hasSecret(secrets: readonly string[], lines: readonly Line[]): boolean {
  if (secrets.includes('')) return true
  return isOneSharedSecret(secrets, findValue(lines, 'x-auth-key'))
}

function isSigned(secrets: readonly string[], asked: Asked, id: string, now: number): boolean {
  const time = findValue(asked.lines, timeHeader)
  if (!relayId.test(id) || !/^\d{1,12}$/.test(time)) return false
  const signature = findValue(asked.lines, signatureHeader)
  const isOne = secrets.map(secret => isSignature(signature, secret, { ...asked, time, id })).includes(true)
  return isOne && Math.abs(now - Number(time) * 1_000) <= toleranceMs
}

/** '' when there is no such line, or more than one. */
function findValue(lines: readonly Line[], wanted: string): string {
  const found = lines.filter(([name]) => name.toLowerCase() === wanted)
  return found.length === 1 ? found[0]![1] : ''
}
