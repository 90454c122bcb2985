import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import type { User } from '../database/schema.ts'
import { accountKey, readAccount, writeCopy } from './account.ts'
import { addMailbox, deleteMailbox, setEnabled, setMailbox, setPassword, showMailbox } from './manage.ts'

let host: InProcess

beforeAll(async () => {
  // Sixteen hashes at once on a busy machine shall wait, not be turned away.
  host = await openInProcess({
    MAILGATEWAY_AUTH_HASH_DEADLINE: '60s',
    MAILGATEWAY_AUTH_DEFAULT_DOMAIN: 'home.example',
  })
})
afterAll(() => host?.close())
beforeEach(() => host.services.db.deleteFrom('users').execute())

const name = 'joe@example.com'
const password = 'correct horse battery'
const add = (input: object = {}) => addMailbox(host.services, { name, password, ...input })
const refusal = (code: string, field: string, message: RegExp) =>
  expect.objectContaining({
    name: 'Refusal',
    code,
    field,
    message: expect.stringMatching(message),
  })

async function readRow(of = name): Promise<User> {
  return host.services.db.selectFrom('users').selectAll().where('name', '=', of).executeTakeFirstOrThrow()
}

/** What a login does when it has read the row and writes its copy, at whatever time it gets to that. */
async function remember(row: User): Promise<boolean> {
  const { account } = (await readAccount(host.services.db, row.name, null))!
  const copy = writeCopy({ account: { ...account, version: row.version }, readAt: 0 })
  const key = accountKey(row.name)
  const [written] = await host.services.hot.apply([
    { op: 'write', key, value: copy, ttlMs: 60_000, version: row.version },
  ])
  return written
}

async function readCached(): Promise<string | null> {
  const [copy] = await host.services.hot.apply([{ op: 'read', key: accountKey(name) }])
  return copy
}

const readNames = async () =>
  (await host.services.db.selectFrom('users').select('name').orderBy('name').execute()).map(
    ({ name }) => name,
  )

describe('adding', () => {
  test('shows what was stored, without the hash', async () => {
    const added = await add({
      name: 'JOE@Example.com',
      owner: 'Joe',
      protocols: ['smtp', 'imap'],
      pool: 'p1',
    })
    const { id, created_at, version } = added
    expect(added).toEqual({
      id,
      name,
      login: 'JOE@Example.com',
      owner: 'Joe',
      enabled: true,
      protocols: ['imap', 'smtp'],
      pool: 'p1',
      totp: 'off',
      guesses: 0,
      version,
      created_at,
      updated_at: created_at,
    })
    expect(await showMailbox(host.services, 'joe@EXAMPLE.com')).toEqual(added)
    const { password_hash } = await readRow()
    expect(await host.services.passwords.verify(password, password_hash)).toBe(true)
    expect(await host.services.passwords.verify(`${password}!`, password_hash)).toBe(false)
  })

  test('fills in everybody and the default domain', async () => {
    const added = await add({ name: 'joe' })
    expect(added).toMatchObject({ name: 'joe@home.example', login: 'joe', owner: '', pool: null })
    expect(added.protocols).toEqual(['imap', 'pop3', 'smtp'])
    expect((await readRow('joe@home.example')).domain).toBe('home.example')
  })

  test('refuses another spelling of a name that is taken, and changes nothing', async () => {
    await add()
    const before = await readRow()
    const taken = refusal('conflict', 'name', /^there is already a mailbox joe@example\.com$/)
    await expect(add({ name: 'JOE@Example.com', password: 'another password' })).rejects.toEqual(taken)
    expect(await readRow()).toEqual(before)
  })

  test('of sixteen at once with one name exactly one succeeds', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, () => add()))
    const refused = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(refused).toHaveLength(15)
    for (const reason of refused) expect(reason).toEqual(refusal('conflict', 'name', /already/))
    expect(await readNames()).toHaveLength(1)
  })

  test('sixteen at once with different names all succeed, each with its own version', async () => {
    const names = Array.from({ length: 16 }, (_, i) => `user${String(i).padStart(2, '0')}@example.com`)
    await Promise.all(names.map(each => add({ name: each })))
    expect(await readNames()).toEqual(names)
    const rows = await host.services.db.selectFrom('users').select('version').execute()
    expect(new Set(rows.map(row => row.version)).size).toBe(16)
  })

  test.each([
    [{ name: 'joe @x.org' }, 'name', /^name must be/],
    [{ name: 5 }, 'name', /^name must be text$/],
    [{ password: 'short' }, 'password', /^password needs at least 8 characters$/],
    [{ password: undefined }, 'password', /^password must be text$/],
    [{ owner: 'o'.repeat(256) }, 'owner', /^owner must have at most 255 characters$/],
    [{ protocols: [] }, 'protocols', /^protocols must name at least one/],
    [{ protocols: ['imap', 'imaps'] }, 'protocols.1', /must be one of imap, pop3, smtp$/],
    [{ protocols: 'imap' }, 'protocols', /^protocols must be a list$/],
    [{ pool: 'a pool' }, 'pool', /^pool must be 1 to 64 of/],
    [{ enabled: false }, '', /enabled/],
    [{ owner: 7, pool: 7 }, 'owner', /^owner must be text\npool must be text/],
  ])('refuses %j', async (input, field, message) => {
    await expect(add(input)).rejects.toEqual(refusal('invalid', field, message))
    expect(await readNames()).toEqual([])
  })
})

describe('changing', () => {
  const verbs = {
    'set-password': () => setPassword(host.services, 'Joe@example.com', 'a new password'),
    disable: () => setEnabled(host.services, name, false),
    enable: () => setEnabled(host.services, name, true),
    set: () => setMailbox(host.services, name, { owner: 'Jane', protocols: ['pop3'], pool: null }),
    delete: () => deleteMailbox(host.services, name),
  }

  test.each(['set-password', 'disable', 'enable'] as const)('%s raises both versions', async verb => {
    await add()
    const before = await readRow()
    const changed = await verbs[verb]()
    const after = await readRow()
    expect(after.version).toBeGreaterThan(before.version)
    expect(after.credential_version).toBe(after.version)
    expect(changed).toMatchObject({ name, enabled: verb !== 'disable' })
    expect(after.password_hash === before.password_hash).toBe(verb !== 'set-password')
  })

  test('set raises the version only, and leaves what was not named', async () => {
    await add({ owner: 'Joe', pool: 'p1' })
    const before = await readRow()
    expect(await setMailbox(host.services, name, { owner: 'Jane' })).toMatchObject({
      owner: 'Jane',
      pool: 'p1',
    })
    const after = await readRow()
    expect(after.version).toBeGreaterThan(before.version)
    expect(after).toEqual({
      ...before,
      owner: 'Jane',
      version: after.version,
      updated_at: after.updated_at,
      search_text: `${name}\njane`,
    })
  })

  test('set refuses nothing, unknown fields and a name or password among them', async () => {
    await add()
    for (const changes of [
      {},
      { name: 'x@x.org' },
      { password: 'a new password' },
      { version: 1 },
      { login: 'x' },
    ]) {
      await expect(setMailbox(host.services, name, changes)).rejects.toMatchObject({ code: 'invalid' })
    }
  })

  test.each(Object.keys(verbs) as (keyof typeof verbs)[])('%s of nobody is refused', async verb => {
    await expect(verbs[verb]()).rejects.toEqual(refusal('not_found', 'name', /^there is no mailbox joe@/))
    await expect(showMailbox(host.services, name)).rejects.toEqual(refusal('not_found', 'name', /joe@/))
  })

  test('a refused password changes nothing', async () => {
    await add()
    const before = await readRow()
    await expect(setPassword(host.services, name, 'short')).rejects.toMatchObject({ field: 'password' })
    expect(await readRow()).toEqual(before)
  })

  test.each(Object.keys(verbs) as (keyof typeof verbs)[])(
    '%s: a login that read the row before cannot write its copy back',
    async verb => {
      await add()
      const before = await readRow()
      expect(await remember(before)).toBe(true)
      const copyOfBefore = await readCached()
      expect(copyOfBefore).not.toBeNull()
      await verbs[verb]()
      expect(await readCached()).toBeNull()
      const key = accountKey(name)
      const late = {
        op: 'write',
        key,
        value: copyOfBefore,
        ttlMs: 60_000,
        version: before.version,
      } as const
      expect(await host.services.hot.apply([late])).toEqual([false])
      expect(await readCached()).toBeNull()
      if (verb !== 'delete') expect(await remember(await readRow())).toBe(true)
    },
  )

  test('versions rise strictly, also over a deletion and a new mailbox of that name', async () => {
    const seen: number[] = []
    await add()
    seen.push((await readRow()).version)
    await verbs['set-password']()
    const old = await readRow()
    seen.push(old.version)
    await verbs.delete()
    await add()
    const again = await readRow()
    seen.push(again.version)
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b))
    expect(again.id).not.toBe(old.id)
    expect(await remember(again)).toBe(true)
    expect(await remember(old)).toBe(false)
  })

  test('twenty changes at once are all made, one after the other', async () => {
    await add()
    const { version } = await readRow()
    const owners = Array.from({ length: 20 }, (_, i) => `owner ${i}`)
    await Promise.all(owners.map(owner => setMailbox(host.services, name, { owner })))
    expect((await readRow()).version).toBe(version + 20)
  })
})

describe('versions that are sent along', () => {
  test('of two who have seen the same row one is told that the other was faster', async () => {
    const { version } = await add()
    await setMailbox(host.services, name, { owner: 'first', version })
    await expect(setMailbox(host.services, name, { owner: 'second', version })).rejects.toEqual(
      refusal('conflict', 'version', /read it again/),
    )
    await expect(setPassword(host.services, name, 'a new password', version)).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await readRow()).toMatchObject({ owner: 'first' })
  })

  test('set with the same state keeps the proofs, with another one it ends them', async () => {
    const { version } = await add()
    await setMailbox(host.services, name, { enabled: true })
    expect((await readRow()).credential_version).toBe(version)
    const { version: later } = await setMailbox(host.services, name, { enabled: false })
    expect((await readRow()).credential_version).toBe(later)
  })
})

test('every change has its row in the operation log, without passwords and hashes', async () => {
  await host.services.db.deleteFrom('operation_log').execute()
  await add({ owner: 'Joe' })
  await setMailbox(host.services, name, { owner: 'Jane' })
  await setPassword(host.services, name, 'a new password')
  await setEnabled(host.services, name, false)
  await deleteMailbox(host.services, name)
  await expect(setEnabled(host.services, name, false)).rejects.toMatchObject({ code: 'not_found' })
  const rows = await host.services.db.selectFrom('operation_log').selectAll().orderBy('id').execute()
  const known = {
    login: name,
    enabled: true,
    protocols: ['imap', 'pop3', 'smtp'],
    pool: null,
    totp: 'off',
    guesses: 0,
  }
  expect(rows.map(({ action, detail }) => [action, JSON.parse(detail)])).toEqual([
    ['user add', { before: null, after: { ...known, owner: 'Joe' } }],
    ['user set', { before: { owner: 'Joe' }, after: { owner: 'Jane' } }],
    ['user set-password', { before: {}, after: { password: 'changed' } }],
    ['user disable', { before: { enabled: true }, after: { enabled: false } }],
    ['user delete', { before: { ...known, owner: 'Jane', enabled: false }, after: null }],
  ])
  for (const row of rows)
    expect(row).toMatchObject({ actor: 'command line', target: name, result: 'success', client_address: '' })
})
