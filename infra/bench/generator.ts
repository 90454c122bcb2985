/** A closed loop of requests as nginx sends them: HTTP/1.0, a connection each. */
import { connect } from 'node:net'

export interface Measurement {
  perSecond: number
  p50: number
  p99: number
  /** Answers without `Auth-Status: OK`. */
  refused: number
}

/** Keeps `inFlight` requests going for `ms`; each is one of `requests` in turn. */
export async function measure(
  port: number,
  requests: string[],
  inFlight: number,
  ms: number,
): Promise<Measurement> {
  const endsAt = performance.now() + ms
  const times: number[] = []
  let refused = 0
  let serial = 0
  const loop = async () => {
    while (performance.now() < endsAt) {
      const startedAt = performance.now()
      const answer = await send(port, requests[serial++ % requests.length]!)
      times.push(performance.now() - startedAt)
      if (!answer.includes('Auth-Status: OK')) refused++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  times.sort((a, b) => a - b)
  const at = (part: number) => times[Math.floor(times.length * part)] ?? 0
  return { perSecond: (times.length / ms) * 1000, p50: at(0.5), p99: at(0.99), refused }
}

function send(port: number, request: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ port, host: '127.0.0.1' })
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', (part: string) => {
    answer += part
  })
  socket.on('error', reject)
  socket.on('close', () => resolve(answer))
  socket.write(request, 'latin1')
  return promise
}
