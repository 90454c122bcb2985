/** What nginx's mail proxy asks at every login: `GET /api/auth`, answered in headers only. */
import { type Context, Hono } from 'hono'
import { within } from '../../lib/deadline.ts'
import { writeForRelay } from '../../lib/edge/answer.ts'
import { type EdgeSettings, readProof } from '../../lib/edge/proof.ts'
import { peerOf } from '../../lib/http/client-address.ts'
import { logRequest, type RequestLine } from '../../lib/http/request-line.ts'
import { newId } from '../../lib/id.ts'
import type { Decision } from '../../lib/login/attempt.ts'
import { authenticate, type LoginServices } from '../../lib/login/authenticate.ts'
import { findHold } from '../../lib/login/hold.ts'
import { authenticateOnce } from '../../lib/login/once.ts'
import { headerLines, salvageLines } from './header-lines.ts'
import { type Answer, type HeaderLine, readAttempt, writeDecision } from './wire.ts'

const path = '/api/auth'
/** Tells a relay that its proof is good. */
const proofPath = '/api/edge'
/** Without it the relay asks again, which is all that is lost. */
const holdMs = 300

export interface NginxAuthServices extends LoginServices {
  settings: LoginServices['settings'] & EdgeSettings
}

/**
 * Every answer, also to a wrong path or when something breaks, has an `Auth-Status`: nginx turns a bare error into
 * "internal server error" and drops the mail client.
 */
export function createNginxAuth(services: NginxAuthServices): Hono {
  const app = new Hono()
  const { log } = services
  const logWithoutAttempt = (c: Context, status: number) =>
    logRequest(log, performance.now(), { ...ofNobody(c), status })

  app.on(['GET', 'POST'], path, async c => {
    return respond(200, await answer(services, headerLines(c), c))
  })
  app.get(proofPath, c => {
    const asked = { method: c.req.method, path: c.req.path, lines: headerLines(c) }
    const proof = readProof(services.settings, asked, services.clock())
    const known = proof?.relayed ? writeForRelay(notDecided, proof.relayed, null) : notDecided
    return respond(200, known)
  })
  app.notFound(c => {
    log.warn({ method: c.req.method, path: c.req.path }, `not asked for ${path}: check auth_http`)
    logWithoutAttempt(c, 404)
    return respond(404, notDecided)
  })
  app.onError((error, c) => {
    log.error({ err: error }, 'request failed')
    logWithoutAttempt(c, 500)
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

/** @param c absent = the request was not parsed */
async function answer(
  services: NginxAuthServices,
  lines: readonly HeaderLine[],
  c?: Context,
): Promise<Answer> {
  const { settings, clock, log } = services
  const startedAt = performance.now()
  const asked = c ? { method: c.req.method, path: c.req.path } : { method: '', path: '' }
  const proof = readProof(settings, { ...asked, lines }, clock())
  if (proof === null) {
    log.warn(unproven(settings))
    logRequest(log, startedAt, { ...ofNobody(c), status: 200 })
    return notDecided
  }
  const { relayed, once } = proof
  const read = readAttempt(lines, relayed ?? newId(), clock())
  const attempt = c ? read : { ...read, fault: read.fault ?? ('bad_request' as const) }
  const decision = await (once === null
    ? authenticate(services, attempt)
    : authenticateOnce(services, attempt, once))
  const whose = { request_id: attempt.id, plane: 'nginx', client: attempt.clientAddress } as const
  logRequest(log, startedAt, { ...whose, ...(c && { method: c.req.method, path }), status: 200 })
  const answer = writeDecision(attempt, decision)
  if (relayed === null) return answer
  const hold = await within(holdMs, findHold(services, attempt, decision)).catch((error: Error) => {
    log.debug({ request_id: attempt.id, error: error.message }, 'the relay is not told how long this holds')
    return null
  })
  return writeForRelay(answer, relayed, hold)
}

/** What to do about a request that comes from somewhere else. */
export const unproven = ({ edge }: EdgeSettings): string =>
  ({
    off: 'request without the secret of auth_server.secret: set auth_http_header X-Auth-Key',
    secret: 'request without a secret of edge.secret in X-Auth-Key: see conf/nginx/relay.conf',
    hmac: 'request without a good signature: edge.secret of the relay, and both clocks, must be right',
  })[edge.auth]

/** The line of a request that is no auth attempt. */
function ofNobody(c?: Context): Omit<RequestLine, 'status'> {
  const ids = { request_id: newId(), plane: 'nginx' } as const
  return c ? { ...ids, method: c.req.method, path: c.req.path, client: peerOf(c) } : { ...ids, client: '' }
}

const postponed: Decision = { kind: 'later', reason: 'unavailable', waitSeconds: null }
/** The answer when not even the protocol is known. */
export const notDecided = writeDecision({ protocol: null, method: '' }, postponed)

const respond = (status: number, headers: Answer) => new Response(null, { status, headers })
