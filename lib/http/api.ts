/** Operations become an app. Whatever is not declared is not there, and nothing is answered without its role. */
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import { mayActAs } from '../admin/roles.ts'
import { readSession, type Session } from '../admin/sessions.ts'
import type { LiveSettings } from '../live-settings/live.ts'
import { type RecordServices, recordRefused } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { createClientFinder, type TrustSettings } from './client-address.ts'
import { addHeaders } from './headers.ts'
import { type AnyOperation, type Asked, splitRoute } from './operation.ts'
import { answerProblem, explain, HttpProblem } from './problem.ts'
import { limitRate, type RateServices } from './rate-limit.ts'
import { identifyAndLog } from './request-line.ts'
import { readSent, type Sent } from './sent.ts'

export interface ApiServices extends RateServices, RecordServices {
  log: Logger
  settings: RateServices['settings'] & { server: TrustSettings & { cors_origins: string[] } }
  liveSettings: Pick<LiveSettings, 'refresh'>
}

const usualBody = 64 * 1024

/** The app of some operations. Each host mounts it as it is. */
export function createApi<S extends ApiServices>(
  services: S,
  operations: readonly AnyOperation<NoInfer<S>>[],
): Hono {
  const app = new Hono()
  const { server } = services.settings
  identifyAndLog(app, services.log, createClientFinder(server))
  // Beside /api there is the sign-in.
  const paths = operations
    .map(({ route }) => splitRoute(route).path)
    .filter(path => !path.startsWith('/api/'))
  const guarded = ['/api/*', ...new Set(paths)]
  addHeaders(app, guarded, server.cors_origins)
  for (const path of guarded) app.use(path, limitRate(services))
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
  app.notFound(c => answerUnknown(c, operations))
  app.onError((error, c) => {
    const problem = explain(error)
    if (problem.status >= 500)
      services.log.error({ err: error, request_id: c.get('requestId') }, 'request failed')
    return answerProblem(c, problem)
  })
  return app
}

async function perform<S extends ApiServices>(c: Context, services: S, operation: AnyOperation<S>) {
  await services.liveSettings.refresh()
  const session = operation.role === 'anyone' ? null : await readBearer(c, services)
  c.set('actor', session?.username)
  const actor = { name: session?.username ?? '', address: c.get('client') }
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
  const id = c.get('sessionId')
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

const tooLarge = (maxSize: number) =>
  new HttpProblem(413, 'too_large', `the body may have at most ${maxSize / 1024} KiB`)

/** 405 where the path takes another method. */
function answerUnknown(c: Context, operations: readonly { route: string }[]): Response {
  const methods = methodsOf(c.req.path, operations)
  if (methods.length === 0)
    return answerProblem(c, new HttpProblem(404, 'not_found', 'there is nothing at this path'))
  const headers = { Allow: [...methods, 'OPTIONS'].join(', ') }
  if (c.req.method === 'OPTIONS') return c.body(null, 204, headers)
  const detail = `this path takes ${methods.join(', ')}`
  return answerProblem(c, new HttpProblem(405, 'method_not_allowed', detail, { headers }))
}

function methodsOf(asked: string, operations: readonly { route: string }[]): string[] {
  return operations
    .map(({ route }) => splitRoute(route))
    .filter(({ path }) => {
      const pattern = path.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+')
      return new RegExp(`^${pattern}$`).test(asked)
    })
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : method))
}
