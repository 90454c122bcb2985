/** How many requests one address may make. */
import type { Context, MiddlewareHandler } from 'hono'
import { readAccessToken, type TokenServices } from '../admin/tokens.ts'
import { placeOf } from '../ban/rules.ts'
import { type HotState, HotStateAway, HotStateFull } from '../hot-state/port.ts'
import { HttpProblem } from './problem.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** The session that a good access token names; it may have ended. */
    sessionId: string | null
  }
}

export interface RateServices extends TokenServices {
  hot: HotState
  settings: TokenServices['settings'] & { server: { rate_limit: number } }
}

const windowMs = 60_000

/** Of the limit, for those who have no valid token: guesses, and whatever else wants to be looked up. */
const anonymousShare = 0.1

/** The session that the access token of a request names; null = there is no valid token, or it has expired. */
export async function readSessionId(
  c: Context,
  services: Parameters<typeof readAccessToken>[0],
): Promise<string | null> {
  const [, token] = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '') ?? []
  return token === undefined ? null : readAccessToken(services, token)
}

/**
 * Counts each request once, before any store is asked for anything else. Hands on the session that the token names as
 * `sessionId`. Without the hot state nothing can be counted: then reading goes on, and changes wait.
 * @throws HttpProblem 429; HotStateAway or HotStateFull for what is no reading
 */
export function limitRate(services: RateServices): MiddlewareHandler {
  const { hot, clock, settings } = services
  return async (c, next) => {
    const sessionId = await readSessionId(c, services)
    c.set('sessionId', sessionId)
    const now = clock()
    const window = Math.floor(now / windowMs)
    const [who, share] =
      sessionId === null ? (['anonymous', anonymousShare] as const) : (['known', 1] as const)
    const key = `rate:${who}:${placeOf(c.get('client')) ?? ''}:${window}`
    const count = await hot.apply([{ op: 'increment', key, ttlMs: windowMs }]).then(
      ([counted]) => counted,
      error => {
        const isReading = c.req.method === 'GET' || c.req.method === 'HEAD'
        if (isReading && (error instanceof HotStateAway || error instanceof HotStateFull)) return 0
        throw error
      },
    )
    if (count > settings.server.rate_limit * share) {
      const seconds = Math.ceil(((window + 1) * windowMs - now) / 1000)
      throw new HttpProblem(429, 'rate_limited', `too many requests: come again in ${seconds} s`, {
        headers: { 'Retry-After': String(seconds) },
      })
    }
    return next()
  }
}
