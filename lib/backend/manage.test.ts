import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../infra/e2e/databases.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateUp } from '../database/migrate.ts'
import { createMemoryHotState } from '../hot-state/memory.ts'
import { versionKey } from './directory.ts'
import { findBackend } from './find.ts'
import { addBackend, drainBackend, type ManageServices, removeBackend, setBackend } from './manage.ts'
import { checkBackend } from './probe.ts'
import { readBackends } from './snapshot.ts'
import { startGreeter } from './test-servers.ts'

let databases: TestDatabase
let services: ManageServices
let now = 1_000

beforeAll(async () => {
  databases = await createTestDatabase()
  await migrateUp(databases.db, migrations)
})
beforeEach(async () => {
  await databases.db.deleteFrom('backends').execute()
  services = {
    db: databases.db,
    hot: createMemoryHotState(() => now),
    clock: () => now,
    actor: { name: 'Joe', address: '' },
  }
})
afterAll(() => databases.close())

const imap = { protocol: 'imap', host: 'mail.example.org', port: 143 }
const readVersion = async () => (await services.hot.apply([{ op: 'read', key: versionKey }]))[0]

describe('input', () => {
  test('defaults, and one form for names and numbers', async () => {
    const { backend, warning } = await addBackend(services, {
      protocol: 'imap',
      host: 'Mail.Bücher.Example.',
      port: '143',
      domain: '例子.CN',
    })
    expect(backend).toMatchObject({
      ...{
        protocol: 'imap',
        host: 'mail.xn--bcher-kva.example',
        port: 143,
        domain: 'xn--fsqu00a.cn',
        pool: null,
      },
      ...{ weight: 1, tier: 0, state: 'active', created_at: now, updated_at: now },
    })
    expect(warning).toBeNull()
    expect(await readBackends(services.db)).toEqual([backend])
  })

  test.each([
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['dovecot', 'dovecot'],
    ['imap_1.mail', 'imap_1.mail'],
  ])('host %s is stored as %s', async (host, stored) => {
    expect((await addBackend(services, { ...imap, host })).backend.host).toBe(stored)
  })

  test.each<[string, object]>([
    ['protocol', { protocol: 'http' }],
    ['host', { host: '[::1]' }],
    ['host', { host: '127.1' }],
    ['host', { host: 'fe80::1%eth0' }],
    ['host', { host: 'a b' }],
    ['host', { host: '' }],
    ['host', { host: 'mail.example.org:143' }],
    ['host', { host: undefined }],
    ['port', { port: 0 }],
    ['port', { port: '65536' }],
    ['port', { port: '1e3' }],
    ['port', { port: undefined }],
    ['weight', { weight: 0 }],
    ['weight', { weight: 1.5 }],
    ['tier', { tier: 10 }],
    ['domain', { domain: '' }],
    ['domain', { domain: 'joe@example.org' }],
    ['pool', { pool: 'Upper Case' }],
    ['state', { state: 'asleep' }],
  ])('a bad %s is named: %j', async (field, change) => {
    await expect(addBackend(services, { ...imap, ...change })).rejects.toThrow(
      new RegExp(`^${field} must be `),
    )
    expect(await readBackends(services.db)).toEqual([])
  })

  test('an unknown field is named', async () => {
    await expect(addBackend(services, { ...imap, prot: 1 })).rejects.toThrow('prot')
  })

  test('domain and pool exclude each other', async () => {
    const both = addBackend(services, { ...imap, domain: 'example.org', pool: 'vip' })
    await expect(both).rejects.toThrow('domain and pool exclude each other')
    const { backend } = await addBackend(services, { ...imap, domain: 'example.org' })
    await expect(setBackend(services, backend.id, { pool: 'vip' })).rejects.toThrow('exclude')
    expect((await setBackend(services, backend.id, { pool: 'vip', domain: null })).backend.pool).toBe('vip')
  })
})

describe('changes', () => {
  test('each one counts up the version, a refused one does not', async () => {
    expect(await readVersion()).toBeNull()
    const { backend } = await addBackend(services, imap)
    expect(await readVersion()).toBe('1')
    now += 5
    const { backend: changed } = await setBackend(services, backend.id, { state: 'draining', weight: '7' })
    expect(changed).toEqual({ ...backend, state: 'draining', weight: 7, updated_at: now, version: 2 })
    expect(await readBackends(services.db)).toEqual([changed])
    expect(await readVersion()).toBe('2')
    await expect(setBackend(services, backend.id, { weight: 0 })).rejects.toThrow('weight must be')
    await expect(setBackend(services, backend.id, { protocol: 'smtp' })).rejects.toThrow('protocol')
    await expect(setBackend(services, backend.id, {})).rejects.toThrow('nothing to change')
    expect(await readVersion()).toBe('2')
    await removeBackend(services, backend.id)
    expect(await readBackends(services.db)).toEqual([])
    expect(await readVersion()).toBe('3')
    const gone = {
      name: 'Refusal',
      code: 'not_found',
      message: expect.stringContaining('no backend with the id'),
    }
    await expect(removeBackend(services, backend.id)).rejects.toMatchObject(gone)
    await expect(setBackend(services, backend.id, { weight: 2 })).rejects.toThrow(
      'there is no backend with the id',
    )
    expect(await readVersion()).toBe('3')
  })

  test('a change to another version than that of now is refused', async () => {
    const { backend } = await addBackend(services, imap)
    await setBackend(services, backend.id, { weight: 2, version: 1 })
    const late = setBackend(services, backend.id, { weight: 3, version: 1 })
    await expect(late).rejects.toMatchObject({ code: 'conflict', field: 'version' })
    await expect(setBackend(services, backend.id, { version: 2 })).rejects.toThrow('nothing to change')
    expect(await readBackends(services.db)).toMatchObject([{ weight: 2, version: 2 }])
  })

  test('draining the last one is warned about, removing it takes force', async () => {
    const { backend } = await addBackend(services, { ...imap, pool: 'vip' })
    const removal = removeBackend(services, backend.id)
    await expect(removal).rejects.toMatchObject({
      code: 'conflict',
      field: 'force',
      message: expect.stringMatching(/last active backend for imap logins of pool vip; give force/),
    })
    const { warning } = await drainBackend(services, backend.id)
    expect(warning).toMatch(/^no active backend is left for imap logins of pool vip/)
    await setBackend(services, backend.id, { state: 'active' })
    await removeBackend(services, backend.id, { force: true })
    expect(await readBackends(services.db)).toEqual([])
  })

  test('each is in the operation log, with what was before and after', async () => {
    await databases.db.deleteFrom('operation_log').execute()
    const { backend } = await addBackend(services, imap)
    await setBackend(services, backend.id, { weight: 2 })
    await drainBackend(services, backend.id)
    await removeBackend(services, backend.id)
    const rows = await databases.db.selectFrom('operation_log').selectAll().orderBy('id').execute()
    expect(rows.map(({ action }) => action)).toEqual([
      'backend add',
      'backend set',
      'backend drain',
      'backend remove',
    ])
    expect(rows.every(({ actor, target }) => actor === 'Joe' && target === 'imap:mail.example.org:143')).toBe(
      true,
    )
    expect(JSON.parse(rows[1]!.detail)).toEqual({ before: { weight: 1 }, after: { weight: 2 } })
  })

  test('one place, one backend', async () => {
    await addBackend(services, imap)
    const taken = 'there is already a backend with protocol imap, host mail.example.org and port 143'
    await expect(addBackend(services, { ...imap, host: 'MAIL.example.org' })).rejects.toThrow(taken)
    const { backend } = await addBackend(services, { ...imap, port: 144 })
    await expect(setBackend(services, backend.id, { port: 143 })).rejects.toThrow(taken)
    await addBackend(services, { ...imap, protocol: 'pop3' })
    expect(await readBackends(services.db)).toHaveLength(3)
  })

  test('a port that wants TLS is warned about', async () => {
    const { backend, warning } = await addBackend(services, { ...imap, port: 993 })
    expect(warning).toContain('port 993 expects TLS')
    expect((await setBackend(services, backend.id, { port: 143 })).warning).toBeNull()
  })
})

describe('findBackend', () => {
  test('by id, by part of it, by place', async () => {
    const { backend } = await addBackend(services, imap)
    const { backend: six } = await addBackend(services, { ...imap, host: '2001:db8::1' })
    await addBackend(services, { ...imap, protocol: 'pop3' })
    const find = async (text: string) => (await findBackend(services, text)).id
    expect(await find(backend.id)).toBe(backend.id)
    expect(await find(backend.id.slice(-8))).toBe(backend.id)
    expect(await find('imap:Mail.Example.org:143')).toBe(backend.id)
    expect(await find('2001:db8::1:143')).toBe(six.id)
    expect(await find('imap:[2001:db8::1]:143')).toBe(six.id)
    await expect(find('mail.example.org:143')).rejects.toThrow(/^2 backends match .*imap:mail.*pop3:mail/)
    await expect(find(backend.id.slice(0, 6))).rejects.toThrow(/^3 backends match/)
    await expect(find(backend.id.slice(-3))).rejects.toThrow(/^no backend matches/)
    await expect(find('mail.example.org:14')).rejects.toThrow(/^no backend matches/)
  })
})

test('checkBackend says what it found', async () => {
  const greeter = await startGreeter('220 ready\r\n')
  const check = (backend: Parameters<typeof checkBackend>[0]) =>
    checkBackend(backend, { dns_servers: [], check_timeout: 2_000 }, () => now)
  const here = { protocol: 'smtp', host: '127.0.0.1', port: greeter.port } as const
  try {
    const good = await check(here)
    expect(good.checks).toEqual([{ address: '127.0.0.1', outcome: { kind: 'good', greeting: '220 ready' } }])
    const { checks } = await check({ ...here, port: await chooseFreePort() })
    expect(checks[0]?.outcome.kind).toBe('refused')
    const lost = await check({ ...here, host: 'absent.invalid' })
    expect(lost).toMatchObject({ resolution: { addresses: [], last_error: expect.any(String) }, checks: [] })
  } finally {
    await greeter.stop()
  }
})
