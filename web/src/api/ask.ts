/** Asking the API: the only way from the console to the gateway. */
import { accessToken, forgetToken, renewToken } from './token.ts'
import type { Answer, Route, Sent } from './types.ts'

/** An answer of the API that is not what was asked for (RFC 9457). */
export class ApiProblem extends Error {
  override name = 'ApiProblem'
  readonly status: number
  /** Stable; `unreachable` = there was no answer. */
  readonly code: string
  readonly requestId: string | undefined
  readonly errors: { field: string; message: string }[]
  /** All of the answer. */
  readonly body: Record<string, unknown>

  constructor(status: number, body: Record<string, unknown>) {
    super(String(body.detail ?? ''))
    this.status = status
    this.code = String(body.code ?? 'internal')
    this.requestId = body.request_id as string | undefined
    this.errors = (body.errors as ApiProblem['errors'] | undefined) ?? []
    this.body = body
  }
}

interface Loose {
  path?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
  signal?: AbortSignal
}

/**
 * @param route as the API declares it: `GET /api/users/{name}`
 * @throws ApiProblem
 */
export async function ask<R extends Route>(
  route: R,
  ...[sent]: Record<never, never> extends Sent<R>
    ? [(Sent<R> & { signal?: AbortSignal })?]
    : [Sent<R> & { signal?: AbortSignal }]
): Promise<Answer<R>> {
  const response = await fetchApi(route, sent as Loose | undefined)
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as Answer<R>
}

/**
 * The answer as it comes, for downloads and streams.
 * @throws ApiProblem
 */
export async function fetchApi(route: Route, sent: Loose = {}): Promise<Response> {
  const first = await send(route, sent)
  if (first.status !== 401 || accessToken() === null) return checked(first)
  // The token has run out, or was made invalid: a new one tells which.
  if (!(await renewToken().catch(fail))) return checked(first)
  const second = await send(route, sent)
  if (second.status === 401) forgetToken()
  return checked(second)
}

const fail = (): never => {
  throw new ApiProblem(0, { code: 'unreachable' })
}

async function send(route: string, { path = {}, query = {}, body, signal }: Loose): Promise<Response> {
  const [method = 'GET', template = ''] = route.split(' ')
  const token = accessToken()
  try {
    return await fetch(fill(template, path) + print(query), {
      method,
      signal,
      headers: {
        ...(token !== null && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        'Accept-Language': document.documentElement.lang,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    return fail()
  }
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response
  const text = await response.text()
  throw new ApiProblem(response.status, parse(text))
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return { code: 'internal' }
  }
}

const fill = (template: string, values: Record<string, unknown>) =>
  template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(String(values[name])))

/** Fields that are empty are left out. */
function print(query: Record<string, unknown>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
      ? []
      : [[name, String(value)]],
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`
}
