/** What nginx asks a relay, in the form in which it asks a gateway. */
import { type Context, Hono } from 'hono'
import type { Logger } from 'pino'
import { nginxAuth } from '../../functions/index.ts'
import { findExcess, type Hold } from '../../lib/edge/hold.ts'
import { hasSecret } from '../../lib/edge/proof.ts'
import type { Line } from '../../lib/edge/sign.ts'
import { logRequest } from '../../lib/http/request-line.ts'
import { newId } from '../../lib/id.ts'
import type { Attempt } from '../../lib/login/attempt.ts'
import type { Hindrance } from '../../lib/login/reasons.ts'
import { decline } from '../../lib/login/rules.ts'
import { type Cloud, NoAnswer } from './cloud.ts'
import type { Memory } from './memory.ts'
import type { RelayMetrics } from './metrics.ts'

export interface RelayParts {
  cloud: Pick<Cloud, 'ask'>
  memory: Memory
  metrics: Pick<RelayMetrics, 'asked'>
  settings: { auth_server: { secret: string } }
  clock: () => number
  log: Logger
}

type Answer = Record<string, string>

/** Under way at once; more than that come from an attack or wait for a function that hangs. */
const mostUnderWay = 2_000

export interface Relay {
  app: Hono
  /** As `answerUnparsed` of nginx-auth: what no parser could read is refused here, and nobody is asked. */
  answerUnparsed(packet: Buffer): Promise<string>
}

export function createRelay(parts: RelayParts): Relay {
  const { log, settings, metrics, clock } = parts
  const app = new Hono()
  let underWay = 0

  const read = (lines: readonly Line[]) => nginxAuth.readAttempt(lines, newId(), clock())

  const answer = async (lines: readonly Line[]): Promise<{ attempt: Attempt; answer: Answer }> => {
    const attempt = read(lines)
    underWay += 1
    try {
      return { attempt, answer: await relay(parts, lines, attempt, underWay > mostUnderWay) }
    } finally {
      underWay -= 1
    }
  }

  app.on(['GET', 'POST'], '/api/auth', async c => {
    const startedAt = performance.now()
    const lines = nginxAuth.headerLines(c)
    if (!hasSecret([settings.auth_server.secret], lines)) {
      log.warn('request without the secret of auth_server.secret: set auth_http_header X-Auth-Key')
      return respond(200, nginxAuth.fallback)
    }
    const { attempt, answer: headers } = await answer(lines)
    logAttempt(log, startedAt, attempt, c)
    return respond(200, headers)
  })
  app.notFound(c => {
    log.warn({ method: c.req.method, path: c.req.path }, 'not asked for /api/auth: check auth_http')
    return respond(404, nginxAuth.fallback)
  })
  app.onError(error => {
    log.error({ err: error }, 'request failed')
    return respond(500, nginxAuth.fallback)
  })
  return {
    app,
    async answerUnparsed(packet) {
      metrics.asked('unreadable')
      const headers = Object.entries(tell(read(nginxAuth.salvageLines(packet)), 'bad_bytes'))
      return ['HTTP/1.1 200 OK', ...headers.map(h => h.join(': ')), 'Connection: close', '', ''].join('\r\n')
    },
  }
}

/** Never throws: nginx gets an answer in the protocol of its client, and the client keeps its password. */
async function relay(
  parts: RelayParts,
  lines: readonly Line[],
  attempt: Attempt,
  isBusy: boolean,
): Promise<Answer> {
  const { cloud, memory, metrics, log } = parts
  const { id, user, clientAddress } = attempt
  const held = memory.find(clientAddress, user)
  if (held !== null) {
    metrics.asked('remembered')
    return tell(attempt, held)
  }
  try {
    if (isBusy) throw new NoAnswer('slow', `${mostUnderWay} questions are under way already`)
    const { answer, hold } = await cloud.ask(nginxAuth.forwardLines(lines), id)
    const fault = findFault(answer)
    if (fault !== null) throw new NoAnswer('broken', fault)
    if (hold) remember(parts, attempt, hold)
    metrics.asked('relayed')
    return answer
  } catch (error) {
    metrics.asked('failed')
    const { message } = error as Error
    if (error instanceof NoAnswer) log.warn({ request_id: id, result: error.result, error: message }, failed)
    else log.error({ request_id: id, err: error }, failed)
    return tell(attempt, 'unavailable')
  }
}

function remember({ memory, log }: RelayParts, { id, user, clientAddress }: Attempt, hold: Hold): void {
  const excess = findExcess(hold, clientAddress)
  if (excess === null) memory.note(hold, user)
  else log.warn({ request_id: id, client: clientAddress, ...hold }, `a refusal is not remembered: ${excess}`)
}

const failed = 'no answer of the gateway: the client is told to come again'

const tell = (attempt: Attempt, reason: Hindrance): Answer =>
  nginxAuth.writeDecision(attempt, decline(reason, attempt))

/** nginx's mail module reads 1,024 bytes (wire.ts); status line, date and connection take some of them. */
const mostBytes = 1_024 - 150

/** Why nginx must not see an answer: it would let somebody in, or hang. */
function findFault(answer: Answer): string | null {
  const length = Object.entries(answer).reduce(
    (sum, [name, value]) => sum + name.length + value.length + 4,
    0,
  )
  if (length > mostBytes) return `the answer has ${length} bytes, more than nginx reads`
  const { 'Auth-Status': status, 'Auth-Server': server, 'Auth-Port': port } = answer
  if (!status) return 'the answer has no Auth-Status'
  return status === 'OK' && !(server && port) ? 'the answer names no backend' : null
}

function logAttempt(log: Logger, startedAt: number, { id, clientAddress }: Attempt, c: Context): void {
  const { method, path } = c.req
  const line = { request_id: id, plane: 'nginx', method, path, status: 200, client: clientAddress } as const
  logRequest(log, startedAt, line)
}

const respond = (status: number, headers: Answer) => new Response(null, { status, headers })
