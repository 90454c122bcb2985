/**
 * What monitoring reads: `GET /metrics` on nginx's listener. There is no cloud entry: each instance of a cloud function
 * would count for itself, and nobody could ask all of them.
 */
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { peerOf } from '../../lib/http/client-address.ts'
import { logRequest } from '../../lib/http/request-line.ts'
import { newId } from '../../lib/id.ts'
import { isSharedSecret } from '../../lib/shared-secret.ts'

interface MetricsServices {
  log: Logger
  settings: { auth_server: { secret: string } }
  /** In Prometheus' text format 0.0.4. */
  printMetrics(): Promise<string>
}

const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Asks for the same secret as nginx's requests: in X-Auth-Key, or as the bearer token that every Prometheus can send. */
export function createMetrics({ log, settings, printMetrics }: MetricsServices): Hono {
  const { secret } = settings.auth_server
  const app = new Hono()
  app.use('/metrics', async (c, next) => {
    const startedAt = performance.now()
    await next()
    const { method, path } = c.req
    const line = { request_id: newId(), plane: 'nginx', method, path, status: c.res.status } as const
    logRequest(log, startedAt, { ...line, client: peerOf(c) }, 'debug')
  })
  app.get('/metrics', async c => {
    const sent = c.req.header('X-Auth-Key') ?? c.req.header('Authorization')?.replace(/^Bearer /i, '') ?? ''
    if (secret !== '' && !isSharedSecret(secret, sent)) {
      const hint = 'send auth_server.secret as X-Auth-Key, or as the bearer token of Authorization\n'
      return c.text(hint, 401, { 'WWW-Authenticate': 'Bearer' })
    }
    return c.body(await printMetrics(), 200, { 'Content-Type': contentType })
  })
  return app
}
