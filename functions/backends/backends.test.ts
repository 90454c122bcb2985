import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import { newId } from '../../lib/id.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api?.close())
beforeEach(async () => {
  await api.services.db.deleteFrom('backends').execute()
})

const imap = { protocol: 'imap', host: '127.0.0.1', port: 11_143 }
const add = async (fields: object = {}) => {
  const { status, body } = await api.ask('POST /api/backends', 'operator', { ...imap, ...fields })
  expect(status).toBe(201)
  return body.backend
}

test('made, seen, changed, drained, removed, and removed again', async () => {
  const backend = await add()
  const path = `/api/backends/${backend.id}`
  const { body: list } = await api.ask('GET /api/backends', 'auditor')
  expect(list.items).toEqual([
    {
      ...backend,
      health: [expect.objectContaining({ address: '127.0.0.1', up: true, checked_by: null })],
      resolved_at: null,
      dns_error: null,
    },
  ])
  expect(await api.ask(`GET ${path}`, 'auditor')).toMatchObject({ status: 200, body: backend })

  const changed = await api.ask(`PATCH ${path}`, 'operator', { weight: 5, version: 1 })
  expect(changed).toMatchObject({ status: 200, body: { backend: { weight: 5, version: 2 } } })
  const late = await api.ask(`PATCH ${path}`, 'operator', { weight: 6, version: 1 })
  expect(late).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ field: 'version' }] } })
  const twice = await api.ask('POST /api/backends', 'operator', imap)
  expect(twice).toMatchObject({ status: 409, body: { errors: [{ field: 'host' }] } })

  const refused = await api.ask(`DELETE ${path}`, 'operator')
  expect(refused).toMatchObject({ status: 409, body: { errors: [{ field: 'force' }] } })
  const drained = await api.ask(`POST ${path}/drain`, 'operator')
  expect(drained).toMatchObject({
    status: 200,
    body: { backend: { state: 'draining' }, warning: expect.stringContaining('no active backend is left') },
  })
  for (let i = 0; i < 2; i++) expect((await api.ask(`DELETE ${path}`, 'operator')).status).toBe(204)
  expect((await api.ask(`GET ${path}`, 'auditor')).status).toBe(404)
  expect((await api.ask(`PATCH ${path}`, 'operator', { weight: 1 })).status).toBe(404)
})

test('the last one goes with force', async () => {
  const { id } = await add()
  expect((await api.ask(`DELETE /api/backends/${id}?force=true`, 'operator')).status).toBe(204)
})

test('checked now: what was found, or why not', async () => {
  const { id } = await add()
  const { status, body } = await api.ask(`POST /api/backends/${id}/check`, 'operator')
  expect([status, body.checks]).toEqual([
    200,
    [{ address: '127.0.0.1', outcome: { kind: 'refused', error: expect.stringContaining('ECONNREFUSED') } }],
  ])
  expect((await api.ask(`POST /api/backends/${newId()}/check`, 'operator')).status).toBe(404)
})

test('history, share and preview', async () => {
  const backend = await add()
  expect(await api.ask(`GET /api/backends/${backend.id}/history?limit=5`, 'auditor')).toMatchObject({
    status: 200,
    body: { items: [], next: null },
  })
  expect(await api.ask('GET /api/backends/share?span=day', 'auditor')).toMatchObject({
    status: 200,
    body: { estimated: false, backends: [{ id: backend.id, logins: 0, share: null }] },
  })
  const asked = { user: 'joe@example.com', protocol: 'imap' }
  expect(await api.ask('POST /api/backends/preview', 'auditor', asked)).toMatchObject({
    status: 200,
    body: { exists: false, chosen: { id: backend.id, address: '127.0.0.1' }, reason: 'the_only_one' },
  })
})

test.each([
  ['POST /api/backends', { ...imap, port: 0 }, 'port'],
  ['POST /api/backends', { ...imap, colour: 'red' }, 'colour'],
  ['POST /api/backends', { ...imap, pool: 'vip', domain: 'example.org' }, 'domain'],
  ['PATCH /api/backends/joe', { weight: 1 }, 'id'],
  ['GET /api/backends/share?span=week', undefined, 'span'],
  ['POST /api/backends/preview', { user: '', protocol: 'imap' }, 'user'],
])('%s %j: %s is named', async (route, body, field) => {
  const answer = await api.ask(route, 'operator', body)
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid', errors: [{ field }] } })
})
