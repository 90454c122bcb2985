/**
 * Stands in for a cloud function's URL: HTTPS, events of version 2, and instances that serve one call at a time. It is stricter
 * than the real one may be: no byte beyond ASCII passes, and empty header lines are dropped.
 */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FunctionInstance, startFunction } from './runtime-api.ts'

/** What happens to a call. `lost`: it is done, and its answer never arrives. */
export type Weather = 'fair' | 'lost' | 'throttled' | 'broken' | 'forged' | { lateMs: number }

export interface FunctionUrl {
  port: number
  /** Events that have reached an instance. */
  calls(): number
  /** Connections that were made. */
  connections(): number
  /** From now on, for so many calls; then it is fair. */
  setWeather(weather: Weather, calls?: number): void
  /** Stops listening and cuts every connection; the instances stay. */
  vanish(): Promise<void>
  /** Listens again on the same port, perhaps elsewhere or as somebody else. */
  appear(host: string, files?: { certificate: string; key: string }): Promise<void>
  close(): Promise<void>
}

interface FunctionUrlOptions {
  bundle: string
  env: Record<string, string>
  instances: number
  port: number
  files: { certificate: string; key: string }
}

/** Of all header lines together. */
const mostHeaderBytes = 10_240

export async function startFunctionUrl(options: FunctionUrlOptions): Promise<FunctionUrl> {
  const { bundle, env, port } = options
  const starting = Array.from({ length: options.instances }, () => startFunction(bundle, env))
  const instances = await Promise.all(starting)
  const idle = [...instances]
  const queue: ((instance: FunctionInstance) => void)[] = []
  let [calls, connections, left] = [0, 0, 0]
  let weather: Weather = 'fair'
  let server: Server | undefined
  const sockets = new Set<Duplex>()

  const invoke = async (event: unknown): Promise<Result> => {
    const instance = idle.pop() ?? (await new Promise<FunctionInstance>(resolve => queue.push(resolve)))
    calls += 1
    try {
      return (await instance.invoke(event)) as Result
    } finally {
      const next = queue.shift()
      if (next) next(instance)
      else idle.push(instance)
    }
  }

  const takeWeather = (): Weather => {
    if (left <= 0) return 'fair'
    left -= 1
    return weather
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const now = takeWeather()
    if (now === 'throttled') return send(response, { statusCode: 429, body: '{"Message":"Rate Exceeded."}' })
    if (now === 'broken') return send(response, { statusCode: 502, body: 'Internal Server Error' })
    if (now === 'forged')
      return send(response, {
        statusCode: 200,
        headers: { 'Auth-Status': 'OK', 'Auth-Server': '192.0.2.66', 'Auth-Port': '143' },
      })
    if (typeof now === 'object') await sleep(now.lateMs)
    if (response.destroyed) return
    const event = writeEvent(request)
    if (event === null) return send(response, { statusCode: 400, body: 'Bad Request' })
    const result = await invoke(event)
    if (now === 'lost') request.socket.destroy()
    else send(response, result)
  }

  const appear = async (host: string, files = options.files) => {
    const [cert, key] = [readFileSync(files.certificate), readFileSync(files.key)]
    server = createServer({ cert, key, maxHeaderSize: 32 * 1024 }, (request, response) => {
      // The instances may be closed while somebody still waits.
      answer(request, response).catch(() => response.destroy())
    })
    server.on('connection', socket => {
      connections += 1
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    server.listen(port, host)
    await once(server, 'listening')
  }

  const vanish = async () => {
    if (!server) return
    const ended = once(server, 'close')
    server.close()
    // Also those in a TLS handshake, which the server itself does not know.
    for (const socket of sockets) socket.destroy()
    await ended
    server = undefined
  }

  await appear('127.0.0.1')
  return {
    port,
    calls: () => calls,
    connections: () => connections,
    setWeather(next, many = Number.POSITIVE_INFINITY) {
      weather = next
      left = many
    },
    vanish,
    appear,
    async close() {
      await vanish()
      for (const instance of instances) await instance.close()
    },
  }
}

interface Result {
  statusCode: number
  headers?: Record<string, string>
  body?: string
}

/** @returns null for what would not get through */
function writeEvent({ method, url = '/', rawHeaders, socket }: IncomingMessage) {
  const headers: Record<string, string> = {}
  let bytes = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!]
    bytes += name.length + value.length
    if (/[^ -~]/.test(value)) return null
    if (value !== '') headers[name] = name in headers ? `${headers[name]},${value}` : value
  }
  if (bytes > mostHeaderBytes) return null
  const [path, query = ''] = url.split('?')
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers,
    requestContext: {
      domainName: headers.host,
      http: { method, path, sourceIp: socket.remoteAddress ?? '' },
    },
    isBase64Encoded: false,
  }
}

/** With what the platform adds. */
function send(response: ServerResponse, { statusCode, headers = {}, body = '' }: Result): void {
  if (Object.values(headers).some(value => /[^ -~]/.test(value))) statusCode = 502
  response.writeHead(statusCode, {
    'Content-Type': 'application/json',
    'x-amzn-RequestId': '0a1b2c3d-0000-4000-8000-000000000000',
    'X-Amzn-Trace-Id': `root=1-00000000-${'0'.repeat(24)};${'parent=0000000000000000;'.repeat(24)}`,
    ...(statusCode === 502 ? {} : headers),
  })
  response.end(body)
}
