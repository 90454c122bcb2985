import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import { newId } from '../../lib/id.ts'

const hour = 3_600_000
let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api?.close())
beforeEach(async () => {
  for (const table of ['ip_blacklist', 'ip_exceptions', 'operation_log'] as const)
    await api.services.db.deleteFrom(table).execute()
})

const add = async (cidr: string, fields: object = {}) => {
  const ban = { cidr, duration: hour, reason: 'guesses', ...fields }
  const { status, body } = await api.ask('POST /api/bans', 'operator', ban)
  expect(status).toBe(201)
  return body
}

test('made by whoever asks, found by address, changed, lifted, and lifted again', async () => {
  const ban = await add('198.51.100.9/24')
  const path = `/api/bans/${ban.id}`
  expect(ban).toMatchObject({ cidr: '198.51.100.0/24', author: 'operator', in_force: true, evidence: null })
  const { body: found } = await api.ask('GET /api/bans?address=198.51.100.77', 'auditor')
  expect(found).toEqual({ items: [ban], next: null, total: 1 })
  expect((await api.ask('GET /api/bans?search=GUESS&event_type=manual', 'auditor')).body.total).toBe(1)
  expect((await api.ask(`GET ${path}`, 'auditor')).body).toEqual(ban)

  const changed = await api.ask(`PATCH ${path}`, 'operator', { duration: null, version: ban.version })
  expect(changed).toMatchObject({ status: 200, body: { ends_at: null } })
  const late = await api.ask(`PATCH ${path}`, 'operator', { reason: 'x', version: ban.version })
  expect(late).toMatchObject({ status: 409, body: { errors: [{ field: 'version' }] } })

  for (const id of [ban.id, ban.id, newId()])
    expect((await api.ask(`DELETE /api/bans/${id}`, 'operator')).status).toBe(204)
  expect((await api.ask('GET /api/bans', 'auditor')).body.total).toBe(0)
  expect((await api.ask('GET /api/bans?state=expired', 'auditor')).body.items).toMatchObject([{ id: ban.id }])
  const rows = await api.services.db.selectFrom('operation_log').selectAll().orderBy('id').execute()
  expect(rows.map(({ action, result, actor }) => [action, result, actor])).toEqual([
    ['ban add', 'success', 'operator'],
    ['ban set', 'success', 'operator'],
    ['ban set', 'failed', 'operator'],
    ['ban remove', 'success', 'operator'],
  ])
})

test('what would hit this machine takes force, and the answer names the field', async () => {
  const ban = { cidr: '127.0.0.0/8', duration: hour, reason: 'x' }
  const { status, body } = await api.ask('POST /api/bans', 'operator', ban)
  expect([status, body.detail]).toEqual([400, expect.stringMatching(/this machine.*give force/)])
  await add('127.0.0.0/8', { force: true })
})

test('a pasted list, tried first and then done', async () => {
  const paste = {
    text: '198.51.100.1 # scanner\njoe\n198.51.100.1',
    duration: hour,
    reason: 'feed',
    on_error: 'skip',
  }
  const expected = {
    added: 1,
    duplicates: [{ line: 3, cidr: '198.51.100.1/32' }],
    errors: [{ line: 2, message: expect.stringContaining('must be an address') }],
  }
  const tried = await api.ask('POST /api/bans/bulk', 'operator', { ...paste, dry_run: true })
  expect(tried).toMatchObject({ status: 200, body: { ...expected, dry_run: true } })
  expect((await api.ask('GET /api/bans', 'auditor')).body.total).toBe(0)
  expect((await api.ask('POST /api/bans/bulk', 'operator', paste)).body).toMatchObject(expected)
  expect((await api.ask('GET /api/bans', 'auditor')).body.items).toMatchObject([
    { cidr: '198.51.100.1/32', reason: 'scanner', author: 'operator' },
  ])
})

test('exceptions: made, listed by kind and address, changed, removed, and removed again', async () => {
  const entry = { kind: 'shared', cidr: '198.51.100.9/24', note: 'webmail' }
  const { status, body } = await api.ask('POST /api/exceptions', 'operator', entry)
  expect([status, body]).toMatchObject([201, { cidr: '198.51.100.0/24', author: 'operator', version: 1 }])
  await api.ask('POST /api/exceptions', 'operator', { kind: 'allow', cidr: '203.0.113.7' })
  const cidrs = async (query: string) =>
    (await api.ask(`GET /api/exceptions${query}`, 'auditor')).body.items.map(
      ({ cidr }: { cidr: string }) => cidr,
    )
  expect(await cidrs('')).toEqual(['203.0.113.7/32', '198.51.100.0/24'])
  expect(await cidrs('?kind=shared')).toEqual(['198.51.100.0/24'])
  expect(await cidrs('?address=198.51.100.4')).toEqual(['198.51.100.0/24'])
  expect(await cidrs('?search=WEB')).toEqual(['198.51.100.0/24'])
  const path = `/api/exceptions/${body.id}`
  expect((await api.ask(`PATCH ${path}`, 'operator', { note: 'office', version: 1 })).body.note).toBe(
    'office',
  )
  expect((await api.ask(`PATCH ${path}`, 'operator', { note: 'x', version: 1 })).status).toBe(409)
  expect((await api.ask(`GET ${path}`, 'auditor')).body).toMatchObject({ note: 'office', version: 2 })
  for (let i = 0; i < 2; i++) expect((await api.ask(`DELETE ${path}`, 'operator')).status).toBe(204)
  expect((await api.ask(`GET ${path}`, 'auditor')).status).toBe(404)
})

test.each([
  ['POST /api/bans', { cidr: 'joe', duration: hour, reason: 'x' }, 'cidr'],
  ['POST /api/bans', { cidr: '198.51.100.1', reason: 'x' }, 'duration'],
  ['POST /api/bans', { cidr: '198.51.100.1', duration: hour, reason: 'x', author: 'Joe' }, 'author'],
  ['POST /api/bans', { cidr: '198.51.100.1', ends_at: 5, reason: 'x' }, 'ends_at'],
  ['GET /api/bans?address=joe', undefined, 'address'],
  ['GET /api/bans?after=xyz', undefined, 'after'],
  ['GET /api/bans?limit=0', undefined, 'limit'],
  ['GET /api/bans/joe', undefined, 'id'],
  ['POST /api/bans/bulk', { text: '', reason: 'x' }, 'duration'],
  ['POST /api/exceptions', { kind: 'friend', cidr: '198.51.100.1' }, 'kind'],
])('%s %j: %s is named', async (route, body, field) => {
  const answer = await api.ask(route, 'operator', body)
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid', errors: [{ field }] } })
})
