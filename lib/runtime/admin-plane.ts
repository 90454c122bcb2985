/** The admin listener: the API and its health checks on Node's own server, with HTTPS where there is a certificate. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import { describeProblem, HttpProblem } from '../http/problem.ts'
import { logRequest } from '../http/request-line.ts'
import { newId } from '../id.ts'
import type { Certificate } from './certificate.ts'
import { limitConnections } from './connection-share.ts'

interface AdminPlane {
  app: Pick<Hono, 'fetch'>
  /** null = HTTP. */
  certificate: Certificate | null
  /** `server.trusted_proxies`. */
  proxies: readonly string[]
  log: Logger
  /** In place of ours, in milliseconds. */
  limits?: Partial<Record<'headersTimeout' | 'requestTimeout' | 'connectionsCheckingInterval', number>>
}

const ownLimits = {
  headersTimeout: 10_000,
  /** An import of some MiB over a slow line. */
  requestTimeout: 60_000,
  connectionsCheckingInterval: 1_000,
  /** Without it the listener would be asked, and answer in its own words. */
  requireHostHeader: false,
}
const handshakeMs = 5_000
/** Far more than all consoles need. Each takes a file from the process, and logins need some too. */
const mostConnections = 500
/** A browser opens six. */
const mostOfOneClient = 100
/** Neither a byte taken nor one sent: whoever does not read what was asked for holds a cursor of the database. */
const stillMs = 120_000

/** Whatever arrives is answered with a problem of the API's kind. */
export function createAdminPlane({ app, certificate, proxies, log, limits: given }: AdminPlane): Server {
  const limits = { ...ownLimits, ...given }
  const listener = getRequestListener(app.fetch, {
    errorHandler: error => {
      if (error instanceof RequestError) return refuse(badRequest('the URL or the Host is not possible'))
      log.error({ err: error }, 'request failed')
      return refuse(new HttpProblem(500, 'internal', 'something broke here; the log says more'))
    },
  })
  const answers = new WeakMap<Socket, ServerResponse>()
  const givenUp = new WeakSet<Socket>()
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    // Nobody would hear the answer, and a browser says again elsewhere what it was too late to say here.
    if (givenUp.has(request.socket)) {
      request.socket.destroy()
      return
    }
    answers.set(request.socket, response)
    response.on('close', () => answers.delete(request.socket))
    void listener(request, response)
  }

  /** Logged, as no app has seen the request. */
  const tell = (problem: HttpProblem) => {
    const request_id = newId()
    logRequest(log, performance.now(), { request_id, plane: 'admin', status: problem.status, client: '' })
    return { request_id, body: JSON.stringify(describeProblem(problem, request_id)) }
  }
  const refuse = (problem: HttpProblem) => {
    const { request_id, body } = tell(problem)
    return new Response(body, { status: problem.status, headers: headersFor(request_id) })
  }
  const refuseOn = (socket: Socket, problem: HttpProblem) => {
    givenUp.add(socket)
    const { request_id, body } = tell(problem)
    const headers = {
      ...headersFor(request_id),
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    }
    const lines = Object.entries(headers).map(line => line.join(': '))
    socket.end([`HTTP/1.1 ${problem.status} ${problem.title}`, ...lines, '', body].join('\r\n'))
  }

  const server: Server = certificate
    ? createTlsServer(
        { ...limits, ...certificate, minVersion: 'TLSv1.2', handshakeTimeout: handshakeMs },
        answer,
      )
    : createServer(limits, answer)
  server.setTimeout(stillMs)
  server.maxConnections = mostConnections
  limitConnections(server, mostOfOneClient, proxies)
  server.on('checkExpectation', (_request, response: ServerResponse) =>
    refuseOn(
      response.socket!,
      new HttpProblem(417, 'expectation_failed', 'only Expect: 100-continue is known here'),
    ),
  )
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const begun = answers.get(socket)
    // Behind the head of an answer a second one would be taken for its body, and before it for that of another request.
    const isTaken = begun !== undefined && (begun.headersSent || error.code !== timedOut)
    // Browsers open connections for what may come; they are owed no answer.
    const isSilent = socket.bytesRead === 0
    if (!socket.writable || error.code === 'ECONNRESET' || isTaken || isSilent) socket.destroy()
    else refuseOn(socket, explainParser(error.code))
  })
  // The one method for which Node would close the connection without a word.
  server.on('connect', (_request, socket: Socket) =>
    refuseOn(socket, new HttpProblem(405, 'method_not_allowed', 'this is no proxy')),
  )
  return server
}

const headersFor = (requestId: string) => ({
  'Content-Type': 'application/problem+json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Request-Id': requestId,
})

const badRequest = (detail: string) => new HttpProblem(400, 'bad_request', detail)

/** Also while the app waits for the rest of a body. */
const timedOut = 'ERR_HTTP_REQUEST_TIMEOUT'

function explainParser(code: string | undefined): HttpProblem {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new HttpProblem(431, 'header_too_large', 'the header may have at most 16 KiB')
  if (code === timedOut) return new HttpProblem(408, 'request_timeout', 'the request did not arrive in time')
  return badRequest('this is no HTTP request')
}
