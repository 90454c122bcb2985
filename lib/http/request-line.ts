/** One line of the application log per HTTP request, on both planes. */
import type { Context, Hono } from 'hono'
import { requestId } from 'hono/request-id'
import type { Logger } from 'pino'
import { newId } from '../id.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Address of who asks; '' where the host does not tell. */
    client: string
    /** Who is signed in. */
    actor: string | undefined
  }
}

export interface RequestLine {
  request_id: string
  plane: 'nginx' | 'admin'
  /** Both absent where the request could not be parsed. */
  method?: string
  /** Without the query. */
  path?: string
  status: number
  /** The mail client, as nginx named it, or whoever asked; '' where neither is known. */
  client: string
  /** The administrator who asks; absent where nobody is signed in. */
  actor?: string | undefined
}

/** A path comes from strangers, and may have 16 KiB. */
const longestPath = 200

/** @param startedAt of `performance.now()` */
export function logRequest(
  log: Logger,
  startedAt: number,
  line: RequestLine,
  level: 'info' | 'debug' = 'info',
): void {
  if (!log.isLevelEnabled(level)) return
  const duration_ms = Math.round((performance.now() - startedAt) * 10) / 10
  log[level]({ ...line, path: line.path?.slice(0, longestPath), duration_ms }, 'request')
}

/** Asked every few seconds by whoever watches the gateway. */
const healthPaths = new Set(['/healthz', '/readyz'])
const longestId = 128

/**
 * Gives every request of the admin plane an id, its own `X-Request-Id` where that is well formed (letters, digits, `-`,
 * `_`, `=`), sends it back and logs the request under it; health checks at level debug. What follows finds the address of
 * who asks as `client`, and may leave its name as `actor`.
 */
export function identifyAndLog(app: Hono, log: Logger, findClient: (c: Context) => string): void {
  app.use(requestId({ generator: () => newId(), limitLength: longestId }))
  app.use(async (c, next) => {
    const startedAt = performance.now()
    const client = findClient(c)
    c.set('client', client)
    await next()
    const { method, path } = c.req
    const { requestId: request_id, actor } = c.var
    const line = { request_id, plane: 'admin', method, path, status: c.res.status, client, actor } as const
    logRequest(log, startedAt, line, healthPaths.has(path) ? 'debug' : 'info')
  })
}
