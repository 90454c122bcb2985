/** What nginx's mail proxy asks at every login: `GET /api/auth`, answered in headers only. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { v7 as newRequestId } from 'uuid'
import { logRequest, type RequestLine } from '../../lib/http/request-line.ts'
import type { Decision } from '../../lib/login/attempt.ts'
import { authenticate, type LoginServices } from '../../lib/login/authenticate.ts'
import { headerLines, salvageLines } from './header-lines.ts'
import { type Answer, type HeaderLine, readAttempt, writeDecision } from './wire.ts'

const path = '/api/auth'

export interface NginxAuthServices extends LoginServices {
  settings: LoginServices['settings'] & { auth_server: { secret: string } }
}

/**
 * Every answer, also to a wrong path or when something breaks, has an `Auth-Status`: nginx turns a bare error into
 * "internal server error" and drops the mail client.
 */
export function createNginxAuth(services: NginxAuthServices): Hono {
  const app = new Hono()
  const { log } = services
  const withoutAttempt = ({ req: { method, path } }: Context, status: number) =>
    logRequest(log, performance.now(), { ...ofNobody(), method, path, status })

  app.on(['GET', 'POST'], path, async c => {
    return respond(200, await answer(services, headerLines(c), c.req.method))
  })
  app.notFound(c => {
    log.warn({ method: c.req.method, path: c.req.path }, `not asked for ${path}: check auth_http`)
    withoutAttempt(c, 404)
    return respond(404, notDecided)
  })
  app.onError((error, c) => {
    log.error({ err: error }, 'request failed')
    withoutAttempt(c, 500)
    return respond(500, notDecided)
  })
  return app
}

/**
 * The answer to a request that the HTTP parser refused, as bytes for the socket. A DEL byte in a password is enough
 * for that, so it is an auth attempt like others, but one that never gets in.
 * @param packet what was received, as far as it is known
 */
export async function answerUnparsed(services: NginxAuthServices, packet: Buffer): Promise<string> {
  const headers = Object.entries(await answer(services, salvageLines(packet)))
  return ['HTTP/1.1 200 OK', ...headers.map(h => h.join(': ')), 'Connection: close', '', ''].join('\r\n')
}

/** @param method undefined = the request was not parsed */
async function answer(
  services: NginxAuthServices,
  lines: readonly HeaderLine[],
  method?: string,
): Promise<Answer> {
  const startedAt = performance.now()
  const request = method === undefined ? { status: 200 } : { method, path, status: 200 }
  if (!isFromNginx(services.settings.auth_server.secret, lines)) {
    services.log.warn('request without the secret of auth_server.secret: set auth_http_header X-Auth-Key')
    logRequest(services.log, startedAt, { ...ofNobody(), ...request })
    return notDecided
  }
  const read = readAttempt(lines, newRequestId(), services.clock())
  const attempt = method === undefined ? { ...read, fault: read.fault ?? ('bad_request' as const) } : read
  const decision = await authenticate(services, attempt)
  const whose = { request_id: attempt.id, plane: 'nginx', client: attempt.clientAddress } as const
  logRequest(services.log, startedAt, { ...whose, ...request })
  return writeDecision(attempt, decision)
}

/** Of a request line without an auth attempt. */
const ofNobody = () =>
  ({ request_id: newRequestId(), plane: 'nginx', client: '' }) satisfies Partial<RequestLine>

/** Compares digests, which have one length, in constant time. */
function isFromNginx(secret: string, lines: readonly HeaderLine[]): boolean {
  if (secret === '') return true
  const sent = lines.filter(([name]) => name.toLowerCase() === 'x-auth-key')
  return sent.length === 1 && timingSafeEqual(digest(sent[0]![1]), digest(secret))
}

const digest = (text: string) => createHash('sha256').update(text).digest()

const postponed: Decision = { kind: 'later', reason: 'unavailable', waitSeconds: null }
/** The answer when not even the protocol is known. */
export const notDecided = writeDecision({ protocol: null, method: '' }, postponed)

const respond = (status: number, headers: Answer) => new Response(null, { status, headers })
