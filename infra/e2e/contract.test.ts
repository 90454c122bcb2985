/**
 * Every operation keeps to what it declares, whatever it is sent. What is sent is made from its own schemas, so an
 * operation that is new is asked too.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { operations } from '../../functions/index.ts'
import { signAccessToken } from '../../lib/admin/tokens.ts'
import { createApi } from '../../lib/http/api.ts'
import { splitRoute } from '../../lib/http/operation.ts'
import { problemSchema } from '../../lib/http/problem.ts'
import { type Api, addSession, openApi } from './api.ts'
import { fitting, hostile, hostileValues, plantedSecret, spoiled } from './hostile.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

type Asked = (typeof operations)[number]

interface Sent {
  path: Record<string, unknown>
  query: [string, string][]
  body: string | undefined
}

/** So many requests for each operation; a project's share of the time is bounded by it. */
const numRuns = 25
const answerMs = 10_000

/** A path names things: a problem may say which of them is not there. */
const texts = hostileValues.filter(
  (value): value is string => typeof value === 'string' && value !== plantedSecret,
)
const asText = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))

function pathOf({ route, path }: Asked): fc.Arbitrary<Record<string, unknown>> {
  const names = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const strange = fc.record(Object.fromEntries(names.map(name => [name, fc.constantFrom(...texts)])))
  return path ? fc.oneof(fitting(path) as fc.Arbitrary<Record<string, unknown>>, strange) : strange
}

function queryOf({ query }: Asked): fc.Arbitrary<[string, string][]> {
  const odd = fc.array(
    fc.tuple(
      fc.constantFrom('id', '__proto__', 'constructor', 'limit', ...Object.keys(query?.shape ?? {})),
      hostile.map(asText),
    ),
    { maxLength: 3 },
  )
  if (!query)
    return fc.oneof(
      { weight: 4, arbitrary: fc.constant<[string, string][]>([]) },
      { weight: 1, arbitrary: odd },
    )
  const right = fitting(query).map(fields =>
    Object.entries(fields as object).map(([name, value]) => [name, asText(value)] as [string, string]),
  )
  return fc.oneof(
    right,
    odd,
    fc.tuple(right, odd).map(both => both.flat()),
    right.map(fields => [...fields, ...fields]),
  )
}

function bodyOf({ body }: Asked): fc.Arbitrary<string | undefined> {
  if (!body) return fc.constant(undefined)
  const values = fc.oneof(fitting(body), fitting(body), spoiled(body)).map(value => JSON.stringify(value))
  return fc.oneof(
    { weight: 9, arbitrary: values },
    { weight: 1, arbitrary: fc.constantFrom('{', '', '{"a":1,"a":2}', '"text"', '\0') },
  )
}

/** Of a superadmin who is there: an earlier request may have ended the session, or the administrator. */
async function makeToken(): Promise<string> {
  return (await signAccessToken(api.services, await addSession(api.services, 'superadmin'))).token
}

async function send({ route }: Asked, { path, query, body }: Sent): Promise<Response> {
  const { method, path: pattern } = splitRoute(route)
  const place = pattern.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => encodeURIComponent(asText(path[name]).toWellFormed()) || '-',
  )
  const search = new URLSearchParams(query).toString()
  const response = createApi(api.services, operations).request(search === '' ? place : `${place}?${search}`, {
    method,
    headers: {
      Authorization: `Bearer ${await makeToken()}`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  })
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${answerMs} ms`)), answerMs)
  try {
    return await Promise.race([response, late])
  } finally {
    clearTimeout(timer)
  }
}

function expectProblem(response: Response, text: string): void {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  const problem = problemSchema.parse(JSON.parse(text))
  expect(problem.status).toBe(response.status)
  expect(problem.request_id).toBe(response.headers.get('X-Request-Id'))
  if (problem.code === 'invalid') {
    expect(problem.errors?.length).toBeGreaterThan(0)
    for (const { message } of problem.errors ?? []) expect(message).not.toBe('')
  }
  if (response.status === 429 || response.status === 503)
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/)
  expect(text).not.toContain(plantedSecret)
  expect(text).not.toMatch(/ at .*\.ts:\d|node_modules|SQLITE_|ER_[A-Z]/)
}

async function expectDeclared(operation: Asked, response: Response): Promise<void> {
  const { answer, contentType, status } = operation as {
    answer?: z.ZodType
    contentType?: string
    status?: number
  }
  const type = response.headers.get('Content-Type')?.split(';')[0] ?? null
  if (type === 'text/event-stream') return response.body?.cancel()
  const text = await response.text()
  // 501 and 503 say what is the matter; 500 says that nobody thought of it.
  expect(response.status, text.slice(0, 500)).not.toBe(500)
  if (response.status >= 400) return expectProblem(response, text)
  expect(response.status).toBe(status ?? (answer || contentType !== undefined ? 200 : 204))
  if (answer) expect(answer.safeParse(JSON.parse(text)).error?.issues).toBeUndefined()
}

test.each(operations)('$route', { timeout: 60_000 }, async operation => {
  const sent = fc.record({ path: pathOf(operation), query: queryOf(operation), body: bodyOf(operation) })
  await fc.assert(
    fc.asyncProperty(sent, async each => expectDeclared(operation, await send(operation, each))),
    { numRuns, interruptAfterTimeLimit: 15_000, endOnFailure: true },
  )
})
