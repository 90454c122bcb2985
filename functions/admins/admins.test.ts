import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { adminPassword, type Console, openConsole } from '../../infra/e2e/console.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { makeFirstAdmin } from '../../lib/admin/first.ts'
import { setAdmin } from '../../lib/admin/manage.ts'

let host: InProcess
let console: Console
let token: string
let keeper: string

beforeAll(async () => {
  host = await openInProcess({ MAILGATEWAY_SERVER_RATE_LIMIT: '100000' })
  console = openConsole(host.services)
})
afterAll(() => host.close())
beforeEach(async () => {
  await host.services.db.deleteFrom('admin').execute()
  keeper = await console.newAdmin()
  token = (await console.signIn(keeper, adminPassword)).body.access_token
})

const send = (route: string, body?: unknown) => console.send(route, { token, body })
const add = (username: string, role = 'operator') => send('POST /api/admins', { username, role })

test('one is added with a password that is shown once', async () => {
  const { status, body } = await add('käthe', 'auditor')
  expect(status).toBe(201)
  const { one_time_password, ...shown } = body
  expect(one_time_password).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/)
  expect(shown).toMatchObject({
    username: 'käthe',
    role: 'auditor',
    enabled: true,
    totp: 'off',
    must_change_password: true,
    locked_until: null,
  })
  expect((await send(`GET /api/admins/${encodeURIComponent('käthe')}`)).body).toEqual(shown)
  expect((await console.signIn('käthe', one_time_password)).status).toBe(200)
  const rows = await host.services.db.selectFrom('operation_log').selectAll().execute()
  expect(JSON.stringify(rows)).not.toContain(one_time_password)
  expect(rows).toContainEqual(
    expect.objectContaining({ action: 'admin add', actor: keeper, target: 'käthe' }),
  )
})

test.each(['', ' joe', 'joe doe', 'command line', '-joe', 'j\0e', 'x'.repeat(65), 'j\u202eoe'])(
  '%j is no name',
  async name => {
    const { status, body } = await add(name)
    expect([status, body.errors[0].field]).toEqual([400, 'username'])
  },
)

test('a name is given once, also to many who want it at once', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => add('kim')))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(7).fill(409)])
})

test('the list comes in pages and is searched by a part of the name, whatever it holds', async () => {
  for (const name of ['b_1', 'bx1', 'c2', 'd3']) await add(name)
  const first = (await send('GET /api/admins?limit=2')).body
  expect(first.total).toBe(5)
  const second = (await send(`GET /api/admins?limit=3&after=${first.next}`)).body
  expect([second.items.length, second.next]).toEqual([3, null])
  const search = async (text: string) => {
    const { items } = (await send(`GET /api/admins?search=${encodeURIComponent(text)}`)).body
    return items.map(({ username }: { username: string }) => username)
  }
  expect(await search('b_')).toEqual(['b_1'])
  expect(await search('%')).toEqual([])
  expect(await search('B_')).toEqual(['b_1'])
  await add('Zo\u00eb')
  for (const part of ['zo', 'Zo', 'o\u00eb', 'oe\u0308']) expect(await search(part)).toEqual(['Zo\u00eb'])
})

test('a change of what somebody else has changed meanwhile is refused', async () => {
  const { version } = (await add('kim')).body
  const change = (body: object) => send('PATCH /api/admins/kim', body)
  expect((await change({ role: 'auditor', version })).status).toBe(200)
  const late = await change({ role: 'operator', version })
  expect([late.status, late.body.errors[0].field]).toEqual([409, 'version'])
  expect((await change({})).status).toBe(400)
  expect((await send('PATCH /api/admins/nobody', { role: 'auditor' })).status).toBe(404)
})

test('the last superadmin stays one, enabled and there', async () => {
  for (const body of [{ role: 'operator' }, { enabled: false }])
    expect((await send(`PATCH /api/admins/${keeper}`, body)).status).toBe(409)
  expect((await send(`DELETE /api/admins/${keeper}`)).status).toBe(409)
  await add('kim', 'superadmin')
  await send('PATCH /api/admins/kim', { enabled: false })
  expect((await send(`PATCH /api/admins/${keeper}`, { role: 'operator' })).status).toBe(409)
})

test('two superadmins who demote each other at once leave one', async () => {
  for (let round = 0; round < 5; round++) {
    await add(`s${round}`, 'superadmin')
    await setAdmin(console.services, keeper, { role: 'superadmin', enabled: true })
    const outcomes = await Promise.allSettled([
      setAdmin(console.services, keeper, { role: 'auditor' }),
      setAdmin(console.services, `s${round}`, { enabled: false }),
    ])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await host.services.db
      .updateTable('admin')
      .set({ role: 'superadmin', enabled: 1 })
      .where('username', '=', keeper)
      .execute()
    await host.services.db.deleteFrom('admin').where('username', '!=', keeper).execute()
    token = (await console.signIn(keeper, adminPassword)).body.access_token
  }
})

test('deleting is idempotent, and ends the sessions', async () => {
  const name = await console.newAdmin('operator')
  const signedIn = await console.signIn(name, adminPassword)
  for (let times = 0; times < 2; times++) expect((await send(`DELETE /api/admins/${name}`)).status).toBe(204)
  expect((await console.send('GET /api/session', { token: signedIn.body.access_token })).status).toBe(401)
  expect(await host.services.db.selectFrom('sessions').select('id').execute()).toHaveLength(1)
})

test('another password and no codes: for others, not for oneself; sessions end', async () => {
  const name = await console.newAdmin('operator')
  const old = await console.signIn(name, adminPassword)
  const sessions = (await send(`GET /api/admins/${name}/sessions`)).body.items
  expect(sessions).toEqual([expect.objectContaining({ username: name })])
  const { body } = await send(`POST /api/admins/${name}/password`)
  expect((await console.send('GET /api/session', { token: old.body.access_token })).status).toBe(401)
  expect((await console.signIn(name, adminPassword)).status).toBe(401)
  expect((await console.signIn(name, body.one_time_password)).body.profile.must_change_password).toBe(true)
  expect((await send(`DELETE /api/admins/${name}/sessions`)).status).toBe(204)
  expect((await send(`GET /api/admins/${name}/sessions`)).body.items).toEqual([])
  expect((await send(`DELETE /api/admins/${name}/totp`)).body.totp).toBe('off')
  expect((await send(`POST /api/admins/${keeper}/password`)).status).toBe(409)
  expect((await send(`DELETE /api/admins/${keeper}/totp`)).status).toBe(409)
})

test('the first administrator is made once, however many begin at once', async () => {
  const { services } = console
  expect(await makeFirstAdmin(services, 'root', '')).toBeNull()
  await services.db.deleteFrom('admin').execute()
  const made = await Promise.all(Array.from({ length: 4 }, () => makeFirstAdmin(services, 'root', '')))
  const [first, ...more] = made.filter(one => one !== null)
  expect(more).toEqual([])
  expect(first).toMatchObject({ username: 'root', refused: null })
  const { body } = await console.signIn('root', first!.one_time_password!)
  expect(body.profile).toMatchObject({ role: 'superadmin', must_change_password: true })
})

test('a chosen first password is not to be changed, and one that may not be set is not taken', async () => {
  const { services } = console
  await services.db.deleteFrom('admin').execute()
  expect(await makeFirstAdmin(services, 'root', adminPassword)).toMatchObject({ one_time_password: null })
  expect((await console.signIn('root', adminPassword)).body.profile.must_change_password).toBe(false)
  await services.db.deleteFrom('admin').execute()
  expect(await makeFirstAdmin(services, 'root', 'f9K2m!x7')).toMatchObject({
    one_time_password: expect.stringMatching(/^\w{5}-/),
    refused: 'password needs at least 12 characters',
  })
})
