import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import { HotStateAway, HotStateFull } from '../hot-state/port.ts'
import type { Services } from '../runtime/services.ts'
import { createApi } from './api.ts'
import { operationsOf } from './operation.ts'

const operation = operationsOf<Services>()
const things = [
  operation({
    route: 'GET /api/things',
    role: 'auditor',
    summary: 'All.',
    answer: z.null(),
    handle: () => null,
  }),
  operation({ route: 'POST /enter', role: 'anyone', summary: 'Beside /api.', handle: () => {} }),
  operation({ route: 'POST /api/things', role: 'operator', summary: 'One more.', handle: () => {} }),
]
const limit = 20

let api: Api
let now: number
beforeAll(async () => {
  api = await openApi({ MAILGATEWAY_SERVER_RATE_LIMIT: String(limit) })
})
beforeEach(() => {
  now = Math.ceil(Date.now() / 60_000) * 60_000 + 15_000
})
afterAll(() => api.close())

async function ask(method: string, address: string, isKnown: boolean, services: Partial<Services> = {}) {
  const headers: Record<string, string> = isKnown
    ? { Authorization: `Bearer ${await api.tokenOf('operator')}` }
    : { Authorization: 'Bearer abc' }
  const app = createApi({ ...api.services, clock: () => now, ...services }, things)
  const env = { incoming: { socket: { remoteAddress: address } } }
  return app.request('/api/things', { method, headers }, env)
}

test('the first ones beyond the limit are told when to come again, and are answered then', async () => {
  for (let n = 0; n < limit; n++) expect((await ask('GET', '192.0.2.1', true)).status).toBe(200)
  const refused = await ask('GET', '192.0.2.1', true)
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '45'])
  expect(await refused.json()).toMatchObject({ code: 'rate_limited', request_id: expect.any(String) })
  expect((await ask('GET', '192.0.2.2', true)).status).toBe(200)
  now += 45_000
  expect((await ask('GET', '192.0.2.1', true)).status).toBe(200)
})

test('without a valid token there is a tenth of it, and that takes nothing from the others there', async () => {
  const statuses: number[] = []
  for (let n = 0; n < 4; n++) statuses.push((await ask('GET', '2001:db8::1', false)).status)
  expect(statuses).toEqual([401, 401, 429, 429])
  expect((await ask('GET', '2001:db8::2', false)).status).toBe(429)
  expect((await ask('GET', '2001:db8::1', true)).status).toBe(200)
})

test.each([new HotStateAway('gone'), new HotStateFull('full')])(
  'while nothing can be counted ($name) reading goes on, and changes say why not',
  async error => {
    const hot = { ...api.services.hot, apply: () => Promise.reject(error) }
    expect((await ask('GET', '192.0.2.3', true, { hot })).status).toBe(200)
    expect((await ask('HEAD', '192.0.2.3', true, { hot })).status).toBe(200)
    const refused = await ask('POST', '192.0.2.3', true, { hot })
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '5'])
    expect(await refused.json()).toMatchObject({ code: 'hot_state_away' })
  },
)

test('what anyone may ask beside /api is counted too', async () => {
  const app = createApi({ ...api.services, clock: () => now }, things)
  const env = { incoming: { socket: { remoteAddress: '192.0.2.4' } } }
  const statuses: number[] = []
  for (let n = 0; n < 3; n++) statuses.push((await app.request('/enter', { method: 'POST' }, env)).status)
  expect(statuses).toEqual([204, 204, 429])
})
