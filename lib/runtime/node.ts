/** The listener that nginx asks, on Node's own HTTP server. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener, type Http2Bindings, type HttpBindings } from '@hono/node-server'
import type { Logger } from 'pino'
import { logRequest } from '../http/request-line.ts'
import { newId } from '../id.ts'

/** Whole request, client certificates that nginx passes on included. */
const maxHeaderSize = 64 * 1024
const requestMs = 10_000

/** What `clientError` hands over besides the message. */
type ParserError = Error & { code?: string; rawPacket?: Buffer }

interface NginxPlane {
  app: { fetch(request: Request, env: HttpBindings | Http2Bindings): Response | Promise<Response> }
  /** Headers of the answer when the request cannot reach the app. */
  fallback: Record<string, string>
  answerUnparsed(packet: Buffer): Promise<string>
  /** For the requests that cannot reach the app; the app logs the others. */
  log?: Logger
}

/**
 * A server for nginx's mail proxy: whatever arrives gets an answer of the app, never Node's or the library's own bare
 * status, which nginx would turn into a dropped connection.
 */
export function createNginxPlane({ app, fallback, answerUnparsed, log }: NginxPlane): Server {
  const lines = Object.entries(fallback).map(line => line.join(': '))
  const bareFallback = ['HTTP/1.1 400 Bad Request', ...lines, 'Connection: close', '', ''].join('\r\n')
  const listener = getRequestListener(app.fetch, {
    errorHandler: () => refuse(log, fallback),
  })
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    // The adapter library refuses an odd Host by itself, and nothing here depends on it.
    request.headers.host = 'nginx'
    void listener(request, response)
  }
  const server = createServer(
    {
      maxHeaderSize,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: false,
    },
    answer,
  )
  // Node would say 100 or 417 by itself, and nginx takes an interim answer for the last one.
  server.on('checkContinue', answer)
  server.on('checkExpectation', answer)
  server.on('clientError', async (error: ParserError, socket: Socket) => {
    // Who has said nothing, as what only looks whether the port is open, has tried nothing either.
    if (!socket.writable || error.code === 'ECONNRESET' || socket.bytesRead === 0) {
      socket.destroy()
      return
    }
    const packet = error.rawPacket ?? Buffer.alloc(0)
    socket.end(await answerUnparsed(packet).catch(() => bareFallback), 'latin1')
  })
  // The one method for which Node would close the connection without a word.
  server.on('connect', (_request, socket) => {
    refuse(log)
    socket.end(bareFallback, 'latin1')
  })
  return server
}

/** The answer to a request that no app can be asked, such as one for an impossible URL. */
function refuse(log?: Logger, headers?: Record<string, string>): Response {
  if (log)
    logRequest(log, performance.now(), { request_id: newId(), plane: 'nginx', status: 400, client: '' })
  return new Response(null, { status: 400, headers })
}
