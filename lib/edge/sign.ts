/** The signature by which a relay proves that a request is its own, and whose it is. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Name, and value with one latin1 character per byte. */
export type Line = readonly [name: string, value: string]

export interface Signed {
  method: string
  path: string
  /** Of the relay's clock, seconds. */
  time: string
  /** Request id, which a repetition of the request has too. */
  id: string
  /** Header lines of the request; those that decide about a login are signed. */
  lines: readonly Line[]
}

/** In lower case; a proof consists of these three. */
export const timeHeader = 'x-edge-time'
export const idHeader = 'x-edge-id'
export const signatureHeader = 'x-edge-signature'

/** HMAC-SHA256 (RFC 2104) over all of it, in hex. No field can hold a line end, so none can pass for two. */
export function sign(secret: string, { method, path, time, id, lines }: Signed): string {
  const text = ['mailgateway edge 1', method, path, time, id, digestOf(lines)].join('\n')
  return createHmac('sha256', secret).update(text).digest('hex')
}

/** In a time that does not tell how much of it is right. */
export function isSignature(sent: string, secret: string, signed: Signed): boolean {
  if (!/^[\da-f]{64}$/.test(sent)) return false
  return timingSafeEqual(Buffer.from(sent, 'hex'), Buffer.from(sign(secret, signed), 'hex'))
}

const decides = /^(auth|client|proxy-protocol)-/

/** Of what nginx has said, in whatever order and letter case it comes. Empty lines do not count: hosts may drop them. */
export function digestOf(lines: readonly Line[]): string {
  const said = lines
    .filter(([name, value]) => value !== '' && decides.test(name.toLowerCase()))
    .map(([name, value]) => `${name.toLowerCase()}:${value}`)
  return createHash('sha256').update(said.toSorted().join('\n')).digest('hex')
}
