/**
 * The answer to nginx on its way from the gateway to a relay: under the id of its request, in bytes that every proxy bears,
 * and with what is for the relay alone.
 */
import type { Hold } from './hold.ts'
import { readHold } from './read-hold.ts'
import { idHeader } from './sign.ts'

const holdHeader = 'x-edge-hold'

/** What nginx reads, in its own letter case; nothing else may reach it. */
const names = new Map(
  ['Status', 'Server', 'Port', 'User', 'Pass', 'Wait', 'Error-Code'].map(word => [
    `auth-${word.toLowerCase()}`,
    `Auth-${word}`,
  ]),
)
/** They can hold any byte. */
const escaped = new Set(['auth-user', 'auth-pass'])

/** @param answer header lines for nginx, one latin1 character per byte */
export function writeForRelay(
  answer: Record<string, string>,
  id: string,
  hold: Hold | null,
): Record<string, string> {
  const lines = Object.entries(answer).map(([name, value]) => [
    name,
    escaped.has(name.toLowerCase()) ? escapeBytes(value) : value,
  ])
  return {
    ...Object.fromEntries(lines),
    [idHeader]: id,
    ...(hold && { [holdHeader]: JSON.stringify(hold) }),
  }
}

/** What came back. @returns null when it is no answer of the gateway to this request: `writeForRelay` has not made it */
export function readFromGateway(
  headers: Record<string, unknown>,
  id: string,
): { answer: Record<string, string>; hold: Hold | null } | null {
  if (headers[idHeader] !== id) return null
  const answer: Record<string, string> = {}
  for (const [name, shown] of names) {
    const value = headers[name]
    if (typeof value === 'string') answer[shown] = escaped.has(name) ? unescapeBytes(value) : value
  }
  return { answer, hold: readHold(headers[holdHeader]) }
}

/** All but visible ASCII, and `%`, as `%XX`: what nginx does, and more. */
export const escapeBytes = (text: string) =>
  text.replace(/[^!-$&-~]/g, byte => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

const unescapeBytes = (text: string) =>
  text.replace(/%([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
