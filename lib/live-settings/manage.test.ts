import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { HotStateAway } from '../hot-state/port.ts'
import type { Services } from '../runtime/services.ts'
import { settingKeys } from '../settings/definitions.ts'
import { settingsVersionKey } from './live.ts'
import { getSetting, listSettings, setSetting, setSettings, unsetSetting } from './manage.ts'
import { settingSchema } from './view.ts'

let gateway: InProcess
let services: Services

beforeEach(async () => {
  gateway = await openInProcess({ MAILGATEWAY_AUTH_LOCK_TTL: '10m' })
  services = gateway.services
})
afterEach(() => gateway.close())

const key = 'auth.fail_ttl'
const readLog = async () => {
  const rows = await services.db.selectFrom('operation_log').selectAll().orderBy('id').execute()
  return rows.map(({ action, target, result, detail }) => [action, target, result, JSON.parse(detail)])
}
const countChanges = async () => (await services.hot.apply([{ op: 'read', key: settingsVersionKey }]))[0]
const putRow = (name: string, value: string, version: number) =>
  services.db.insertInto('system_config').values({ name, value, version, updated_at: 5 }).execute()

test('a change is in force at once in the sections that everybody holds, and announced', async () => {
  const { auth } = services.settings
  const changed = await setSetting(services, { key, value: '90' })
  expect(auth.fail_ttl).toBe(90_000)
  expect(changed).toMatchObject({ value: '1m30s', source: 'system_config', default: '1m', configured: '1m' })
  expect(await countChanges()).toBe('1')
  const unset = await unsetSetting(services, { key })
  expect(auth.fail_ttl).toBe(60_000)
  expect(unset).toMatchObject({ value: '1m', version: 0, updated_at: null })
  expect(unset.source).not.toBe('system_config')
  expect(await unsetSetting(services, { key })).toEqual(unset)
  expect(await readLog()).toEqual([
    ['setting set', key, 'success', { before: { [key]: '1m' }, after: { [key]: '1m30s' } }],
    ['setting unset', key, 'success', { before: { [key]: '1m30s' }, after: { [key]: '1m' } }],
    ['setting unset', key, 'success', { before: {}, after: {} }],
  ])
})

test('the list has every setting, with its type and range, and no secret', async () => {
  const list = await listSettings(services)
  expect(list.map(setting => settingSchema.parse(setting).key)).toEqual(settingKeys)
  const of = (key: string) => list.find(setting => setting.key === key)
  expect(of(key)).toMatchObject({ type: 'duration', min: '1s', max: '24h', live: true, pinned: null })
  expect(of('auth.lock_ttl')).toMatchObject({ value: '10m', pinned: 'MAILGATEWAY_AUTH_LOCK_TTL' })
  expect(of('log.level')).toMatchObject({ type: 'choice', choices: expect.arrayContaining(['debug']) })
  expect(of('auth_server.secret')).toMatchObject({ value: null, configured: null, secret: true, live: false })
})

test.each([
  ['a name of no setting', { key: 'auth.none', value: '1' }, 'not_found', 'key', /no such setting/],
  ['the name of an object', { key: 'constructor', value: '1' }, 'not_found', 'key', /no such setting/],
  ['another value', { key, value: 'soon' }, 'invalid', 'value', /^auth.fail_ttl is not a duration/],
  ['a value out of range', { key, value: '48h' }, 'invalid', 'value', /from 1s to 24h$/],
  ['a number', { key, value: 90 }, 'invalid', 'value', /must be text/],
  ['one of the start', { key: 'server.port', value: '1' }, 'invalid', 'value', /cannot be changed while/],
  [
    'one that is held',
    { key: 'auth.lock_ttl', value: '1s' },
    'conflict',
    'value',
    /MAILGATEWAY_AUTH_LOCK_TTL/,
  ],
  ['too long for a decision', { key: 'auth.hash_deadline', value: '8s' }, 'invalid', 'value', /below auth/],
  ['an old version', { key, value: '90s', version: 7 }, 'conflict', 'value', /read it again/],
])('%s is refused, and nothing changes', async (_what, input, code, field, message) => {
  const before = structuredClone(services.settings)
  const refusal = expect.objectContaining({
    name: 'Refusal',
    code,
    field,
    message: expect.stringMatching(message),
  })
  await expect(setSetting(services, input)).rejects.toEqual(refusal)
  expect(services.settings).toEqual(before)
  expect([await readLog(), await countChanges()]).toEqual([[], null])
})

test('of two people who change what both have read, the second is told', async () => {
  const { version } = await getSetting(services, { key })
  const first = await setSetting(services, { key, value: '70s', version })
  await expect(setSetting(services, { key, value: '80s', version })).rejects.toMatchObject({
    code: 'conflict',
  })
  await expect(unsetSetting(services, { key, version })).rejects.toMatchObject({ code: 'conflict' })
  // What somebody does to another setting is nobody's concern here.
  await setSetting(services, { key: 'auth.cache_ttl', value: '6m', version: 0 })
  await setSetting(services, { key, value: '80s', version: first.version })
  expect(services.settings.auth.fail_ttl).toBe(80_000)
})

test('of many at once with one version, one wins', async () => {
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) => setSetting(services, { key, value: `${70 + n}s`, version: 0 })),
  )
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('several at once: all or none, also where only together they are good', async () => {
  const change = (settings: object) => setSettings(services, { settings })
  const both = { 'auth.deadline': { value: '5s' }, 'auth.hash_deadline': { value: '4s' } }
  expect((await change(both)).map(({ key, value }) => [key, value])).toEqual([
    ['auth.deadline', '5s'],
    ['auth.hash_deadline', '4s'],
  ])
  const field = 'settings.auth.fail_ttl'
  await expect(change({ 'auth.deadline': { value: null }, [key]: { value: 'soon' } })).rejects.toMatchObject({
    field,
  })
  await expect(change({ 'auth.deadline': { value: '4s' }, [key]: { value: '9s' } })).rejects.toMatchObject({
    field: 'settings.auth.deadline',
    message: 'auth.hash_deadline must be below auth.deadline',
  })
  await expect(change({})).rejects.toMatchObject({ message: expect.stringMatching(/at least one/) })
  expect(services.settings.auth).toMatchObject({ deadline: 5_000, hash_deadline: 4_000, fail_ttl: 60_000 })
  await change({ 'auth.deadline': { value: null }, 'auth.hash_deadline': { value: null } })
  expect(services.settings.auth).toMatchObject({ deadline: 8_000, hash_deadline: 6_000 })
})

test('rows that say nothing here are named and stay without effect', async () => {
  await putRow(key, '48h', 3)
  await putRow('auth.of_a_newer_version', 'x', 3)
  await putRow('server.port', '1', 3)
  await putRow('LOCKED', '0', 3)
  await services.liveSettings.reread()
  expect(services.settings.auth.fail_ttl).toBe(60_000)
  expect(services.settings.server.port).toBe(8089)
  expect(services.settings.admin.locked).toBe(false)
  const list = await listSettings(services)
  expect(list.filter(({ invalid }) => invalid !== null)).toEqual([
    expect.objectContaining({
      key,
      value: '1m',
      invalid: 'is out of range; write a duration from 1s to 24h',
    }),
  ])
  expect((await setSetting(services, { key, value: '2m', version: 3 })).invalid).toBeNull()
})

test('what was set is in force after a restart, below the environment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-settings-'))
  const first = await openInProcess({ MAILGATEWAY_DATA_DIR: folder })
  await setSetting(first.services, { key, value: '90s' })
  await setSetting(first.services, { key: 'backend.dns_servers', value: '192.0.2.53, 192.0.2.54' })
  await setSetting(first.services, { key: 'admin.locked', value: 'off' })
  await first.close()
  const second = await openInProcess({ MAILGATEWAY_DATA_DIR: folder, MAILGATEWAY_AUTH_FAIL_TTL: '70s' })
  const { auth, backend, admin } = second.services.settings
  expect([auth.fail_ttl, backend.dns_servers, admin.locked]).toEqual([
    70_000,
    ['192.0.2.53', '192.0.2.54'],
    false,
  ])
  expect(await getSetting(second.services, { key })).toMatchObject({ pinned: 'MAILGATEWAY_AUTH_FAIL_TTL' })
  await second.close()
  rmSync(folder, { recursive: true })
})

test('without the hot state a change is made all the same, and it is said that others were not told', async () => {
  const away = () => Promise.reject(new HotStateAway('not now'))
  const hot = { ...services.hot, announce: away }
  await expect(setSetting({ ...services, hot }, { key, value: '90s' })).rejects.toThrow('not now')
  expect(services.settings.auth.fail_ttl).toBe(90_000)
})

test('while the database is away nobody waits for settings, and they stay as they are', async () => {
  await gateway.services.hot.apply([{ op: 'increment', key: settingsVersionKey, ttlMs: null }])
  await setSetting(services, { key, value: '90s' })
  const { db } = services
  await db.schema.alterTable('system_config').renameTo('elsewhere').execute()
  await services.liveSettings.follow('another', 0)
  await services.liveSettings.refresh()
  expect(services.settings.auth.fail_ttl).toBe(90_000)
  await db.schema.alterTable('elsewhere').renameTo('system_config').execute()
})
