/** Operations become an app. Whatever is not declared is not there, and nothing is answered without its role. */
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import { mayActAs } from '../admin/roles.ts'
import { readSession, type Session } from '../admin/sessions.ts'
import { readAccessToken, type TokenServices } from '../admin/tokens.ts'
import { isAway } from '../database/dialect.ts'
import { HotStateAway } from '../hot-state/port.ts'
import { HashBusy } from '../mailbox/passwords.ts'
import { type RecordServices, recordRefused } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { type AnyOperation, type Asked, splitRoute } from './operation.ts'
import { answerProblem, HttpProblem } from './problem.ts'
import { identifyAndLog, peerOf } from './request-line.ts'
import { readSent, type Sent } from './sent.ts'

export interface ApiServices extends TokenServices, RecordServices {
  log: Logger
}

const usualBody = 64 * 1024

/** The app of some operations. Each host mounts it as it is. */
export function createApi<S extends ApiServices>(services: S, operations: readonly AnyOperation<S>[]): Hono {
  const app = new Hono()
  identifyAndLog(app, services.log)
  for (const operation of operations) {
    const { method, path } = splitRoute(operation.route)
    const maxSize = operation.maxBody ?? usualBody
    app.on(
      method,
      path.replaceAll(/\{(\w+)\}/g, ':$1'),
      bodyLimit({ maxSize, onError: c => answerProblem(c, tooLarge(maxSize)) }),
      c => perform(c, services, operation),
    )
  }
  app.notFound(c => answerProblem(c, unknownPath(c, operations)))
  app.onError((error, c) => answerProblem(c, explain(error, services.log, c)))
  return app
}

async function perform<S extends ApiServices>(c: Context, services: S, operation: AnyOperation<S>) {
  const session = operation.role === 'anyone' ? null : await readBearer(c, services)
  const actor = { name: session?.username ?? '', address: peerOf(c) }
  const own = { ...services, actor }
  let sent: Partial<Sent> = { path: c.req.param() }
  try {
    if (session) admit(session, operation)
    sent = await readSent(c, operation)
    const asked = { services: own, ...sent, session, c } as Asked<S, never, never, never, never>
    const answer = await operation.handle(asked)
    if (answer instanceof Response) return answer
    if (operation.answer === undefined) return c.body(null, 204)
    return c.json(answer as object, operation.status ?? 200)
  } catch (error) {
    if (session && isRefused(error)) await noteRefused(own, operation, sent, error)
    throw error
  }
}

async function readBearer(c: Context, services: ApiServices): Promise<Session> {
  const [, token] = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '') ?? []
  const id = token === undefined ? null : await readAccessToken(services, token)
  const session = id === null ? null : await readSession(services, id)
  if (session) return session
  throw new HttpProblem(401, 'unauthorized', 'sign in first, or again: send a valid access token', {
    headers: { 'WWW-Authenticate': 'Bearer' },
  })
}

function admit(session: Session, { role, beforePasswordChange }: AnyOperation<never>): void {
  if (role !== 'anyone' && !mayActAs(session.role, role))
    throw new HttpProblem(403, 'forbidden', `this takes the role ${role}, and you are ${session.role}`)
  if (session.must_change_password && !beforePasswordChange)
    throw new HttpProblem(
      403,
      'password_change_required',
      'change your password first: PUT /api/session/password',
    )
}

type Refused = Refusal | HttpProblem

const isRefused = (error: unknown): error is Refused =>
  error instanceof Refusal || error instanceof HttpProblem

/** Reading that is refused for its input is nobody's concern; all else is. */
async function noteRefused<S extends ApiServices>(
  services: S,
  { route, action = route }: AnyOperation<S>,
  sent: Partial<Sent>,
  error: Refused,
): Promise<void> {
  if (route.startsWith('GET ') && error.code !== 'forbidden') return
  await recordRefused(services, action, targetOf(sent), { code: error.code, message: error.message })
}

/** What the path names, else what the body does. */
function targetOf({ path, body }: Partial<Sent>): string {
  const { name, username } = (body ?? {}) as { name?: unknown; username?: unknown }
  const named = Object.values(path ?? {})[0] ?? name ?? username
  return typeof named === 'string' ? named : ''
}

const statusOf = { invalid: 400, not_found: 404, conflict: 409 } as const
const comeAgain = { headers: { 'Retry-After': '5' } }

function explain(error: Error, log: Logger, c: Context): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof Refusal) {
    const { code, field, message } = error
    return new HttpProblem(statusOf[code], code, message, { errors: [{ field, message }] })
  }
  log.error({ err: error, request_id: c.get('requestId') }, 'request failed')
  if (error instanceof HotStateAway)
    return new HttpProblem(
      503,
      'hot_state_away',
      'Redis cannot be reached: nothing can be changed for now',
      comeAgain,
    )
  if (error instanceof HashBusy)
    return new HttpProblem(503, 'busy', 'too many passwords are being checked: try again', comeAgain)
  if (isAway(error))
    return new HttpProblem(503, 'database_away', 'the database cannot be reached: try again', comeAgain)
  return new HttpProblem(500, 'internal', 'something broke here; the log says more under this request id')
}

const tooLarge = (maxSize: number) =>
  new HttpProblem(413, 'too_large', `the body may have at most ${maxSize / 1024} KiB`)

/** 405 where the path takes another method. */
function unknownPath(c: Context, operations: readonly { route: string }[]): HttpProblem {
  const methods = operations
    .map(({ route }) => splitRoute(route))
    .flatMap(({ method, path }) => {
      const pattern = path.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+')
      return new RegExp(`^${pattern}$`).test(c.req.path) ? method : []
    })
  if (methods.length === 0) return new HttpProblem(404, 'not_found', 'there is nothing at this path')
  const allow = methods.join(', ')
  return new HttpProblem(405, 'method_not_allowed', `this path takes ${allow}`, { headers: { Allow: allow } })
}
