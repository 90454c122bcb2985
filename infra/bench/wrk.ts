/** The generator: wrk, a C program, so that it takes little of the two cores that it shares with what it measures. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export interface Measurement {
  requests: number
  perSecond: number
  /** Milliseconds from the request to the whole answer, the connection already made. */
  p50: number
  p95: number
  p99: number
  /** Requests that could not be sent, were not answered in 15 s, or not with status 200. */
  failed: number
}

const wrk = '/usr/bin/wrk'
const script = fileURLToPath(new URL('requests.lua', import.meta.url))

/** @throws an Error of one line when it is not installed */
export function findWrk(): void {
  if (!existsSync(wrk)) throw new Error('the bench needs wrk: apt-get install wrk')
}

/** Keeps `inFlight` of the requests under way, a connection for each, in turn. At most 256 and a minute. */
export async function measure(
  port: number,
  requests: string[],
  inFlight: number,
  seconds: number,
): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-wrk-'))
  const file = join(folder, 'requests')
  writeFileSync(file, requests.join('\0'), 'latin1')
  const bounded = ['-t', '1', '-c', `${Math.min(inFlight, 256)}`, '-d', `${Math.min(seconds, 60)}s`]
  const place = ['--timeout', '15s', '-s', script, `http://127.0.0.1:${port}/`, '--', file]
  const { stdout } = await promisify(execFile)(wrk, [...bounded, ...place])
  rmSync(folder, { recursive: true })
  const result = /^RESULT (.*)$/m.exec(stdout)?.[1]
  if (!result) throw new Error(`wrk said nothing that can be read: ${stdout}`)
  const { seconds: took, ...rest } = JSON.parse(result)
  return { ...rest, perSecond: rest.requests / took }
}
