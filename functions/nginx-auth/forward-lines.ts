/** What a relay passes on of nginx's request: the lines that `readAttempt` reads, in bytes that every proxy bears. */
import { escapeBytes } from '../../lib/edge/answer.ts'
import { type HeaderLine, readHeaders } from './wire.ts'

const read = new Set([
  'auth-method',
  'auth-user',
  'auth-pass',
  'auth-protocol',
  'auth-login-attempt',
  'client-ip',
  'auth-ssl',
  'auth-ssl-protocol',
])

/**
 * nginx sends each of its lines once. On the way two of a name would become one, and the request a good one; without the
 * line of the password it stays what it is, and the gateway refuses it and writes it down as it does with those it gets itself.
 */
export function forwardLines(lines: readonly HeaderLine[]): HeaderLine[] {
  const { headers, doubled } = readHeaders(lines)
  return [...headers]
    .filter(([name]) => read.has(name) && !(doubled && name === 'auth-pass'))
    .map(([name, value]) => [name, passable(value)])
}

/** nginx has escaped blanks and `%` (A:1478-1503), and what is left of 8 bits is escaped alike. */
const passable = (value: string) => value.replace(/[^ -~]/g, escapeBytes)
