/** Hono apps on Node's own HTTP server. */

import { rmSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener, type Http2Bindings, type HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import { ConfigError } from './config-error.ts'

/** Whole request, client certificates that nginx passes on included. */
const maxHeaderSize = 64 * 1024
const requestMs = 10_000

/** What `clientError` hands over besides the message. */
type ParserError = Error & { code?: string; rawPacket?: Buffer }

interface NginxPlane {
  app: { fetch(request: Request, env: HttpBindings | Http2Bindings): Response | Promise<Response> }
  /** Headers of the answer to a request target that is no URL. */
  fallback: Record<string, string>
  answerUnparsed(packet: Buffer): Promise<string>
}

/**
 * A server for nginx's mail proxy: whatever arrives gets an answer of the app, never Node's or the library's own bare
 * status, which nginx would turn into a dropped connection.
 */
export function createNginxPlane({ app, fallback, answerUnparsed }: NginxPlane): Server {
  const listener = getRequestListener(app.fetch, {
    errorHandler: () => new Response(null, { status: 400, headers: fallback }),
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
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    socket.end(await answerUnparsed(error.rawPacket ?? Buffer.alloc(0)), 'latin1')
  })
  return server
}

export function createAdminPlane(app: Pick<Hono, 'fetch'>): Server {
  return createServer({ headersTimeout: requestMs, requestTimeout: 60_000 }, getRequestListener(app.fetch))
}

/**
 * Starts listening. A socket file that is left from an earlier process is replaced; everyone on the machine may
 * connect to it, as to a loopback port, unless its folder keeps them out.
 * @param host address, or `unix:/path` for a socket
 * @param setting the section to change when the address cannot be used
 * @throws ConfigError, one line
 */
export async function listen(server: Server, host: string, port: number, setting: string): Promise<void> {
  const socket = host.startsWith('unix:') ? host.slice('unix:'.length) : null
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    const place = socket ?? `${host}:${port}`
    reject(
      new ConfigError(`${setting}: cannot listen on ${place} (${error.code}); free it or choose another`, {
        cause: error,
      }),
    )
  })
  if (socket === null) server.listen(port, host, resolve)
  else {
    if (statSync(socket, { throwIfNoEntry: false })?.isSocket()) rmSync(socket)
    server.listen({ path: socket, readableAll: true, writableAll: true }, resolve)
  }
  await promise
  server.removeAllListeners('error')
}

/** Takes no new connections, lets requests finish, cuts what is still open after `graceMs`. */
export async function closeGracefully(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await promise
  clearTimeout(timer)
}
