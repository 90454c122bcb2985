/** What a relay passes on of nginx's request: the lines that `readAttempt` reads, in bytes that every proxy bears. */
import { escapeBytes } from '../../lib/edge/answer.ts'
import type { HeaderLine } from './wire.ts'

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

/** One that came twice goes as HTTP says that it may, joined with a comma: no address or number is read from that. */
export function forwardLines(lines: readonly HeaderLine[]): HeaderLine[] {
  const wanted = lines.map(([name, value]) => [name.toLowerCase(), value] as const)
  const byName = Map.groupBy(
    wanted.filter(([name]) => read.has(name)),
    ([name]) => name,
  )
  return Array.from(byName, ([name, some]) => [name, some.map(([, value]) => passable(value)).join(',')])
}

/** nginx has escaped blanks and `%` (A:1478-1503), and what is left of 8 bits is escaped alike. */
const passable = (value: string) => value.replace(/[^ -~]/g, escapeBytes)
