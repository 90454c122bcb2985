/** Answers that say what went wrong (RFC 9457). */
import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import { isAway } from '../database/dialect.ts'
import { HotStateAway, HotStateFull } from '../hot-state/port.ts'
import { HashBusy } from '../mailbox/passwords.ts'
import { Refusal } from '../refusal.ts'

export const problemSchema = z
  .strictObject({
    title: z.string(),
    status: z.int(),
    /** For programs; it stays the same whatever the texts become. */
    code: z.string(),
    /** What happened and what to do next. */
    detail: z.string(),
    /** As in the log and in `X-Request-Id`. */
    request_id: z.string(),
    /** Each field that is at fault. */
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    /** Of a sign-in: whether to ask for a one-time code. */
    require_totp: z.boolean().optional(),
  })
  .meta({ id: 'Problem' })

export type Problem = z.infer<typeof problemSchema>
export type FieldError = NonNullable<Problem['errors']>[number]

/** What a handler or the guard throws to answer with a problem. */
export class HttpProblem extends Error {
  override name = 'HttpProblem'
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>
  readonly require_totp: boolean | undefined

  get title(): string {
    return STATUS_CODES[this.status] ?? 'Error'
  }

  constructor(
    status: ContentfulStatusCode,
    code: string,
    detail: string,
    {
      errors,
      headers = {},
      require_totp,
    }: { errors?: FieldError[]; headers?: Record<string, string>; require_totp?: boolean } = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.errors = errors
    this.headers = headers
    this.require_totp = require_totp
  }
}

export function describeProblem(problem: HttpProblem, requestId: string): Problem {
  const { title, status, code, message, errors, require_totp } = problem
  return {
    title,
    status,
    code,
    detail: message,
    request_id: requestId,
    ...(errors && { errors }),
    ...(require_totp !== undefined && { require_totp }),
  }
}

export function answerProblem(c: Context, problem: HttpProblem): Response {
  const headers = { ...problem.headers, 'Content-Type': 'application/problem+json' }
  return c.json(describeProblem(problem, c.get('requestId')), problem.status, headers)
}

const statusOf = { invalid: 400, not_found: 404, conflict: 409 } as const
const comeAgain = { headers: { 'Retry-After': '5' } }

/** The problem that an error is for who asks. It repeats nothing of an error that nobody expected. */
export function explain(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof Refusal) {
    const { code, field, message } = error
    return new HttpProblem(statusOf[code], code, message, { errors: [{ field, message }] })
  }
  if (error instanceof HotStateAway || error instanceof HotStateFull) {
    const detail =
      'Redis cannot be reached, or is full: nothing can be changed for now, and who is locked is not known'
    return new HttpProblem(503, 'hot_state_away', detail, comeAgain)
  }
  if (error instanceof HashBusy)
    return new HttpProblem(503, 'busy', 'too many passwords are being checked: try again', comeAgain)
  if (isAway(error))
    return new HttpProblem(503, 'database_away', 'the database cannot be reached: try again', comeAgain)
  return new HttpProblem(500, 'internal', 'something broke here; the log says more under this request id')
}
