import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import type { Services } from '../runtime/services.ts'
import { createApi } from './api.ts'
import { operationsOf } from './operation.ts'

const ours = 'https://console.example.org'
const things = [
  operationsOf<Services>()({
    route: 'GET /api/things',
    role: 'auditor',
    summary: 'All.',
    answer: z.array(z.string()),
    handle: () => [],
  }),
]

let api: Api
beforeAll(async () => {
  api = await openApi({ MAILGATEWAY_SERVER_CORS_ORIGINS: ours })
})
afterAll(() => api.close())

const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  createApi(api.services, things).request(path, { method, headers })

const preflight = (origin: string) =>
  ask('/api/things', { Origin: origin, 'Access-Control-Request-Method': 'GET' }, 'OPTIONS')

test.each(['/api/things', '/api/nothing', '/'])('every answer of %s has the headers', async path => {
  const { headers } = await ask(path)
  const policy = headers.get('Content-Security-Policy') ?? ''
  expect(policy).toContain("default-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toMatch(/script-src[^;]*unsafe/)
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': expect.stringContaining('camera=()'),
  })
})

test('what the API answers is kept by nobody', async () => {
  expect((await ask('/api/things')).headers.get('Cache-Control')).toBe('no-store')
})

test('browsers are told to stay with HTTPS by HTTPS alone', async () => {
  const bound = async (url: string) => (await ask(url)).headers.get('Strict-Transport-Security')
  expect(await bound('http://gateway.example/api/things')).toBeNull()
  expect(await bound('https://gateway.example/api/things')).toBe('max-age=31536000')
})

test('pages of a configured origin may ask, with what the browser holds, and read also what is refused', async () => {
  const { status, headers } = await preflight(ours)
  expect(status).toBe(204)
  expect(Object.fromEntries(headers)).toMatchObject({
    'access-control-allow-origin': ours,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': expect.stringContaining('DELETE'),
    'access-control-allow-headers': expect.stringContaining('Authorization'),
  })
  const refused = await ask('/api/things', { Origin: ours })
  expect([refused.status, refused.headers.get('Access-Control-Allow-Origin')]).toEqual([401, ours])
  expect(refused.headers.get('Vary')).toContain('Origin')
})

test.each(['https://evil.example', 'null', `${ours}.evil.example`, ours.toUpperCase()])(
  'pages of %s may not',
  async origin => {
    for (const { headers } of [await preflight(origin), await ask('/api/things', { Origin: origin })]) {
      expect([...headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
      expect(headers.get('Vary')).toContain('Origin')
    }
  },
)

test('OPTIONS from elsewhere says what there is', async () => {
  const { status, headers } = await ask('/api/things', {}, 'OPTIONS')
  expect([status, headers.get('Allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
  expect((await ask('/api/nothing', {}, 'OPTIONS')).status).toBe(404)
})
