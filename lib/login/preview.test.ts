import { afterAll, beforeAll, expect, test } from 'vitest'
import { answers, type Guarded, openGuarded } from '../../infra/e2e/guarded.ts'
import { addBackend, setBackend } from '../backend/manage.ts'
import { addMailbox } from '../mailbox/manage.ts'
import { previewRoute } from './preview.ts'

const password = 'correct horse battery'
let gateway: Guarded

beforeAll(async () => {
  gateway = await openGuarded()
})
afterAll(() => gateway?.close())

const preview = (user: string, protocol = 'imap') => previewRoute(gateway.services(), { user, protocol })
const add = async (input: object) =>
  (await addBackend(gateway.services(), { protocol: 'imap', host: '127.0.0.1', ...input })).backend.id

test('a mailbox, and one that is still to be, go where their logins go', async () => {
  const services = gateway.services()
  await add({ port: 11_001, weight: 3 })
  await add({ port: 11_002 })
  const users = Array.from({ length: 20 }, (_, i) => `user${i}@example.com`)
  const before = await Promise.all(users.map(user => preview(user)))
  expect(new Set(before.map(({ chosen }) => chosen?.port)).size).toBeGreaterThan(1)
  expect(before[0]).toMatchObject({ exists: false, by: 'open', domain: 'example.com', reason: 'by_weight' })
  for (const [i, user] of users.entries()) {
    await addMailbox(services, { name: user, password })
    expect(await preview(user)).toMatchObject({ exists: true, chosen: before[i]!.chosen })
    expect(await gateway.ask({ user, password, from: '198.51.100.7' })).toMatchObject({ status: answers.ok })
    const row = await services.db
      .selectFrom('auth_log')
      .select('backend')
      .where('user', '=', user)
      .executeTakeFirst()
    expect(row?.backend).toBe(`127.0.0.1:${before[i]!.chosen!.port}`)
  }
})

test('its pool comes before its domain, and each says why there is none', async () => {
  const services = gateway.services()
  const own = await add({ port: 11_003, domain: 'own.example' })
  expect(await preview('Joe@OWN.example')).toMatchObject({
    user: 'joe@own.example',
    by: 'domain',
    candidates: [{ id: own, addresses_up: ['127.0.0.1'] }],
    chosen: { id: own, address: '127.0.0.1', port: 11_003 },
    reason: 'the_only_one',
  })
  await setBackend(services, own, { state: 'draining' })
  expect(await preview('joe@own.example')).toMatchObject({
    candidates: [{ state: 'draining', addresses_up: [] }],
    chosen: null,
    reason: 'none_active',
  })
  await setBackend(services, own, { state: 'active', host: 'absent.invalid' })
  expect(await preview('joe@own.example')).toMatchObject({ chosen: null, reason: 'none_up' })
  await addMailbox(services, { name: 'vip@own.example', password, pool: 'vip' })
  expect(await preview('vip@own.example')).toMatchObject({
    by: 'pool',
    pool: 'vip',
    candidates: [],
    chosen: null,
    reason: 'none_there',
  })
})

test.each([
  ['user', { user: '', protocol: 'imap' }],
  ['user', { user: 'a\u0000b', protocol: 'imap' }],
  ['protocol', { user: 'joe', protocol: 'http' }],
])('a bad %s is named: %j', async (field, input) => {
  await expect(previewRoute(gateway.services(), input)).rejects.toMatchObject({ code: 'invalid', field })
})
