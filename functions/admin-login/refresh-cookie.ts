/** The refresh token of browsers: in a cookie that no script reads, and that goes to one path of this very site only. */
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { HttpProblem } from '../../lib/http/problem.ts'

const name = 'mailgateway_refresh'

/** @param value '' = takes it away */
export function writeRefreshCookie(c: Context, value: string, maxAgeMs = 0): void {
  setCookie(c, name, value, {
    path: '/refresh',
    httpOnly: true,
    secure: !isPlainLoopback(new URL(c.req.url)),
    sameSite: 'Strict',
    maxAge: Math.floor(maxAgeMs / 1000),
  })
}

export const readRefreshCookie = (c: Context) => getCookie(c, name)

/** Browsers keep no Secure cookie of `http:`, and on the machine itself nobody listens in. */
const isPlainLoopback = ({ protocol, hostname }: URL) =>
  protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)

/**
 * Pages of other sites may not use what the browser has of ours. Whatever is no browser sends no `Origin`.
 * @param allowed origins of pages that may ask as our own do
 * @throws HttpProblem 403
 */
export function refuseForeignOrigin(c: Context, allowed: readonly string[]): void {
  const origin = c.req.header('Origin')
  if (origin === undefined || allowed.includes(origin) || hostOf(origin) === c.req.header('Host')) return
  throw new HttpProblem(403, 'foreign_origin', 'a page of another site may not ask for this')
}

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).host : null)
