/** The header lines of a request, from whatever host it came in by. */
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { LambdaEvent } from 'hono/aws-lambda'
import type { HeaderLine } from './wire.ts'

/** What the host hands over beside the request. */
type Host = Partial<HttpBindings> & { event?: LambdaEvent }

/** As they came, doubled ones twice and bytes untouched, where the host still knows that. */
export function headerLines(c: Context): HeaderLine[] {
  const { incoming, event }: Host = c.env ?? {}
  const raw = incoming?.rawHeaders
  if (raw) return pair(raw)
  if (event?.headers) return eventLines(event)
  return [...c.req.raw.headers]
}

/** A platform joins lines of one name with a comma. */
export function eventLines({ headers }: LambdaEvent): HeaderLine[] {
  return Object.entries(headers ?? {}).map(([name, value]) => [name, value ?? ''])
}

function pair(raw: string[]): HeaderLine[] {
  const lines: HeaderLine[] = []
  for (let i = 0; i < raw.length; i += 2) lines.push([raw[i]!, raw[i + 1]!])
  return lines
}

/** The header lines of a request that the HTTP parser refused, as far as they can be told. */
export function salvageLines(packet: Buffer): HeaderLine[] {
  const [, ...lines] = packet.toString('latin1').split(/\r?\n/)
  return lines.flatMap(line => {
    const [, name, value] = /^([^:]*):\s*(.*)$/s.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
}
