import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import { type MailServer, startMailServer } from '../../infra/e2e/mail-server.ts'
import { makeRow } from '../../lib/notify/queue.ts'

let api: Api
let server: MailServer

beforeAll(async () => {
  api = await openApi()
  server = await startMailServer()
})
afterAll(async () => {
  await api?.close()
  await server?.stop()
})
/** Over the API, as the console does. */
async function set(values: Record<string, string>): Promise<void> {
  const settings = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value }]))
  expect((await api.ask('PATCH /api/settings', 'superadmin', { settings })).status).toBe(200)
}
beforeEach(() =>
  set({
    'smtp.host': '127.0.0.1',
    'smtp.port': String(server.port),
    'smtp.security': 'none',
    'smtp.from': 'gateway@example.org',
  }),
)

test('a test mail arrives, and the answer is what the server said', async () => {
  const { status, body } = await api.ask('POST /api/notifications/test', 'superadmin', {
    to: 'joe@example.com',
  })
  expect([status, body.response]).toEqual([200, '250 kept'])
  expect(server.received.at(-1)!.to).toEqual(['joe@example.com'])
})

test('without one, the answer says which setting to look at', async () => {
  await set({ 'smtp.host': '' })
  const { status, body } = await api.ask('POST /api/notifications/test', 'superadmin', {
    to: 'joe@example.com',
  })
  expect([status, body.code, body.errors[0].field]).toEqual([409, 'conflict', 'smtp.host'])
})

test.each([{ to: 'joe' }, { to: 7 }, {}])('%j is refused', async sent => {
  const { status, body } = await api.ask('POST /api/notifications/test', 'superadmin', sent)
  expect([status, body.errors[0].field]).toEqual([400, 'to'])
})

test('a placeholder that is not known is refused, and the password is never told', async () => {
  const put = (key: string, value: string) => api.ask(`PUT /api/settings/${key}`, 'superadmin', { value })
  const refused = await put('notify.locked_text_en', 'Dear {owner}')
  expect(refused.status).toBe(400)
  expect(JSON.stringify(refused.body)).toContain('write {user}, {address}, {network}, {time}')
  expect((await put('notify.locked_text_en', 'Dear {user},\n\nhello')).status).toBe(200)
  expect(api.services.settings.notify.locked_text_en).toBe('Dear {user},\n\nhello')
  const stored = await put('smtp.password', 'open the mail, sesame')
  const all = await api.ask('GET /api/settings', 'superadmin')
  expect(JSON.stringify([stored.body, all.body])).not.toContain('sesame')
})

test('only a superadmin may send one, an auditor may read the list', async () => {
  const sent = { to: 'joe@example.com' }
  expect((await api.ask('POST /api/notifications/test', 'operator', sent)).status).toBe(403)
  const notice = { time: 5, user: '', address: '', network: '192.0.2.0/24', event: 'spraying' } as const
  const rows = [1, 2, 3].map(i => makeRow({ kind: 'attack', ...notice }, `root${i}@example.org`, i))
  await api.services.db.insertInto('notifications').values(rows).execute()
  const first = await api.ask('GET /api/notifications?limit=2&kind=attack', 'auditor')
  expect(first.body.items.map((row: { recipient: string }) => row.recipient)).toEqual([
    'root3@example.org',
    'root2@example.org',
  ])
  const second = await api.ask(`GET /api/notifications?limit=2&after=${first.body.next}`, 'auditor')
  expect(second.body).toMatchObject({ items: [{ recipient: 'root1@example.org' }], next: null })
  expect((await api.ask('GET /api/notifications')).status).toBe(401)
})

test('an operator has the owner told again', async () => {
  const name = 'joe@example.com'
  const added = { name, password: 'correct horse 1', totp: true }
  expect((await api.ask('POST /api/users', 'operator', added)).status).toBe(201)
  const told = (as: string, kind: string) => api.ask(`POST /api/users/${name}/notify`, as, { kind })
  expect((await told('auditor', 'locked')).status).toBe(403)
  expect((await told('operator', 'attack')).body.errors[0].field).toBe('kind')
  expect((await told('operator', 'locked')).status).toBe(404)
  // The notice of the new mailbox itself may be on its way.
  const { status } = await told('operator', 'totp_enrolled')
  expect([202, 409]).toContain(status)
  const { body } = await api.ask(`GET /api/notifications?recipient=${name}`, 'auditor')
  expect(body.items).toMatchObject([{ kind: 'totp_enrolled', recipient: name }])
})
