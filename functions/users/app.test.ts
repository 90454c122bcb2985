import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Api, openApi } from '../../infra/e2e/api.ts'
import { codeFor } from '../../infra/e2e/authenticator.ts'
import { circleOf, lockKey } from '../../lib/login/guessing.ts'
import { noteLocked } from '../../lib/login/locked-names.ts'
import { shutKey } from '../../lib/login/strangers.ts'
import { verifyStored } from '../../lib/mailbox/stored-password.ts'

let api: Api
beforeAll(async () => {
  api = await openApi({ MAILGATEWAY_AUTH_HASH_DEADLINE: '60s' })
})
afterAll(() => api?.close())
beforeEach(async () => {
  await api.services.db.deleteFrom('users').execute()
  await api.services.db.deleteFrom('operation_log').execute()
})

const name = 'joe@example.com'
const password = 'correct horse battery'
const hash = '$2y$10$Vd5R0RvVXJqkXkzDqNnVGeBsSRcLr0Qh9gkXN0jTqv3kBEQzvOa9m'
const ask = (route: string, body?: unknown) => api.ask(route, 'operator', body)
const add = (given: object = {}) => ask('POST /api/users', { name, password, ...given })
const readLog = () => api.services.db.selectFrom('operation_log').selectAll().orderBy('id').execute()

test('a mailbox from its creation to its end', async () => {
  const added = await add({ owner: 'Joe' })
  expect(added.status).toBe(201)
  expect(added.body).toMatchObject({ name, owner: 'Joe', enabled: true, totp: 'off' })
  expect(JSON.stringify(added.body)).not.toMatch(/hash|\$2b/)
  const { version } = added.body
  const changed = await ask(`PATCH /api/users/${name}`, { owner: '', enabled: false, pool: 'p1', version })
  expect(changed.body).toMatchObject({ owner: '', enabled: false, pool: 'p1' })
  expect((await ask(`PATCH /api/users/${name}`, { owner: 'late', version })).status).toBe(409)
  expect((await ask(`PUT /api/users/${name}/password`, { password: 'another horse 2' })).status).toBe(200)
  const shown = await api.ask(`GET /api/users/${encodeURIComponent(name)}`, 'auditor')
  expect(shown.body).toMatchObject({
    enabled: false,
    locked: false,
    most_guesses: 100,
    networks: [],
    grants: [],
    counters: [{ network: null, wrong: 0, limit: 5, locked_until: null, shut: null }],
    last_logins: [],
    last_refusals: [],
  })
  for (const _ of ['first', 'second']) expect((await ask(`DELETE /api/users/${name}`)).status).toBe(204)
  expect((await ask(`GET /api/users/${name}`)).status).toBe(404)
  expect((await readLog()).map(({ actor, action, result }) => [actor, action, result])).toEqual([
    ['operator', 'user add', 'success'],
    ['operator', 'user set', 'success'],
    ['operator', 'user set', 'failed'],
    ['operator', 'user set-password', 'success'],
    ['operator', 'user delete', 'success'],
  ])
  expect(JSON.stringify(await readLog())).not.toMatch(/horse|\$2b/)
})

test('of sixteen at once with one name one is made, with different names all are', async () => {
  const same = await Promise.all(Array.from({ length: 16 }, () => add()))
  expect(same.map(({ status }) => status).toSorted()).toEqual([201, ...Array(15).fill(409)])
  expect(same.find(({ status }) => status === 409)!.body).toMatchObject({
    code: 'conflict',
    errors: [{ field: 'name', message: `there is already a mailbox ${name}` }],
  })
  const different = await Promise.all(
    Array.from({ length: 16 }, (_, i) => add({ name: `u${i}@example.com` })),
  )
  expect(different.map(({ status }) => status)).toEqual(Array(16).fill(201))
})

describe('lists', () => {
  test('page after page, with the total, for an auditor', async () => {
    for (const each of ['a', 'b', 'c']) await add({ name: `${each}@example.com`, owner: `x ${each}` })
    const first = await api.ask('GET /api/users?search=X&limit=2&sort=owner&order=desc', 'auditor')
    expect(first.body).toMatchObject({ total: 3, items: [{ owner: 'x c', locked: false }, { owner: 'x b' }] })
    const second = await api.ask(
      `GET /api/users?search=X&limit=2&sort=owner&order=desc&after=${first.body.next}`,
      'auditor',
    )
    expect(second.body).toMatchObject({ total: 3, items: [{ owner: 'x a' }], next: null })
    expect((await api.ask('GET /api/users?enabled=false', 'auditor')).body.total).toBe(0)
    expect((await api.ask('GET /api/users?sort=password_hash', 'auditor')).body.errors[0].field).toBe('sort')
  })

  test('who is locked for a while, and who is until somebody unlocks him', async () => {
    for (const each of ['a', 'b', 'c']) await add({ name: `${each}@example.com` })
    const { db, hot, clock } = api.services
    await db.updateTable('users').set({ guesses: 100 }).where('name', '=', 'a@example.com').execute()
    await hot.apply([{ op: 'claim', key: 'lock:b@example.com', value: `${clock() + 60_000}`, ttlMs: 60_000 }])
    await noteLocked(db, 'b@example.com', clock() + 60_000)
    const namesOf = async (query: string) =>
      (await ask(`GET /api/users?${query}`)).body.items.map(({ name }: { name: string }) => name[0])
    expect(await namesOf('locked=true')).toEqual(['a', 'b'])
    expect(await namesOf('locked=false')).toEqual(['c'])
    const { items } = (await ask('GET /api/users')).body
    expect(items.map(({ locked }: { locked: boolean }) => locked)).toEqual([true, true, false])
    for (const each of ['a', 'b']) {
      expect((await ask(`GET /api/users/${each}@example.com`)).body.locked).toBe(true)
      expect((await ask(`POST /api/users/${each}@example.com/unlock`)).status).toBe(200)
    }
    expect(await namesOf('locked=true')).toEqual([])
  })

  test('the overview counts those that the list has, and nobody else', async () => {
    const names = ['wrong', 'many', 'disabled', 'home', 'strange', 'over', 'gone'] as const
    const { db, hot, clock } = api.services
    const nameOf = (each: string) => `${each}@x.example`
    for (const each of names.slice(0, -1)) await add({ name: nameOf(each), password: 'correct horse 1' })
    const { id } = await db
      .selectFrom('users')
      .select('id')
      .where('name', '=', nameOf('home'))
      .executeTakeFirstOrThrow()
    const network = '192.0.2.0/24'
    await db.insertInto('known_networks').values({ user_id: id, network, last_success_at: clock() }).execute()
    const hourMs = 3_600_000
    const lockOf = (name: string, familiar: boolean) => lockKey(circleOf({ name, network, familiar }))
    const keys = [
      lockOf(nameOf('wrong'), false),
      shutKey(nameOf('many')),
      lockOf(nameOf('disabled'), false),
      lockOf(nameOf('home'), true),
      // In a network that is familiar no more, so that it keeps nobody out.
      lockOf(nameOf('strange'), true),
      lockOf(nameOf('over'), false),
      lockOf(nameOf('gone'), false),
    ]
    await hot.apply(keys.map(key => ({ op: 'write', key, value: `${clock() + hourMs}`, ttlMs: hourMs })))
    for (const each of names) await noteLocked(db, nameOf(each), clock() + hourMs)
    // Over, as far as the table knows, which is more than the hot state does here.
    await db
      .updateTable('locked_names')
      .set({ ends_at: clock() })
      .where('name', '=', nameOf('over'))
      .execute()
    const { body } = await ask('GET /api/users?locked=true')
    const listed = body.items.map(({ name }: { name: string }) => name)
    expect(listed).toEqual(['disabled', 'home', 'many', 'wrong'].map(nameOf))
    expect((await ask('GET /api/stats/overview')).body.locked_users).toBe(4)
    await hot.apply(keys.map(key => ({ op: 'remove', key })))
  })
})

test('one-time codes: made, confirmed by oathtool, shown as a picture, made anew, ended', async () => {
  await add()
  const made = await ask(`POST /api/users/${name}/totp`)
  expect([made.status, made.body.totp]).toEqual([201, 'pending'])
  expect(made.body.qr_svg).toMatch(/^<svg /)
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-qr-'))
  try {
    const [, png = ''] = made.body.qr_png.split('base64,')
    writeFileSync(join(folder, 'qr.png'), Buffer.from(png, 'base64'))
    const read = execFileSync('zbarimg', ['--quiet', '--raw', join(folder, 'qr.png')], { encoding: 'utf8' })
    expect(read.trim()).toBe(made.body.otpauth)
  } finally {
    rmSync(folder, { recursive: true })
  }
  const confirm = (code: string | null) => ask(`POST /api/users/${name}/totp/confirm`, { code })
  expect((await confirm('12345')).body.errors[0].field).toBe('code')
  expect((await confirm(codeFor(made.body.otpauth, api.services.clock()))).body.totp).toBe('on')
  expect((await ask('GET /api/users?totp=on')).body.total).toBe(1)
  expect((await ask(`POST /api/users/${name}/totp`)).status).toBe(409)
  const reset = await ask(`POST /api/users/${name}/totp/reset`)
  expect(reset.body.otpauth).not.toBe(made.body.otpauth)
  for (const _ of ['first', 'second']) expect((await ask(`DELETE /api/users/${name}/totp`)).status).toBe(204)
  expect((await ask(`GET /api/users/${name}`)).body.totp).toBe('off')
  await ask(`POST /api/users/${name}/totp`)
  expect((await confirm(null)).body.totp).toBe('on')
  expect((await ask(`GET /api/users/${name}/grants`)).body).toEqual({ items: [] })
  expect((await ask(`DELETE /api/users/${name}/grants`)).status).toBe(204)
  expect((await ask(`DELETE /api/users/${name}/grants/gone`)).status).toBe(204)
  expect(JSON.stringify(await readLog())).not.toContain(new URL(made.body.otpauth).searchParams.get('secret'))
})

test('a familiar network is forgotten, one or all', async () => {
  const { id } = (await add()).body
  const networks = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24']
  const values = networks.map(network => ({ user_id: id, network, last_success_at: 5 }))
  await api.services.db.insertInto('known_networks').values(values).execute()
  const forget = (query: string) => ask(`DELETE /api/users/${name}/networks${query}`)
  for (const _ of ['first', 'second'])
    expect((await forget(`?network=${encodeURIComponent(networks[0]!)}`)).status).toBe(204)
  expect((await ask(`GET /api/users/${name}`)).body.networks).toHaveLength(2)
  expect((await forget('')).status).toBe(204)
  expect((await ask(`GET /api/users/${name}`)).body.networks).toEqual([])
})

describe('import', () => {
  const send = (content: string, more: object = {}) =>
    ask('POST /api/users/import', { format: 'csv', content, ...more })

  test('CSV as spreadsheets write it: BOM, CRLF, quotes, columns in any order', async () => {
    const { body } = await send(
      `\uFEFFOwner,NAME,password,password_hash,protocols,pool,enabled\r\n` +
        `"Joe ""the"" first,\r\nsales",${name},${password},,imap smtp,p1,\r\n\r\n` +
        `'=cmd(),Jane@Example.com,,${hash},,,false\r\n`,
    )
    expect(body).toEqual({
      dry_run: false,
      done: true,
      rows: 2,
      added: 2,
      changed: 0,
      skipped: 0,
      failed: 0,
      errors: [],
    })
    const rows = await api.services.db.selectFrom('users').selectAll().orderBy('name').execute()
    expect(rows).toMatchObject([
      {
        name: 'jane@example.com',
        login: 'Jane@Example.com',
        owner: '=cmd()',
        enabled: 0,
        password_hash: hash,
      },
      { name, owner: 'Joe "the" first,\r\nsales', protocols: 'imap,smtp', pool: 'p1', enabled: 1 },
    ])
    const { id, password_hash } = rows[1]!
    expect(password_hash).not.toContain(password)
    expect(await verifyStored(api.services, id, password, password_hash)).toBe(true)
    expect((await readLog()).map(({ action, target }) => [action, target]).toSorted()).toEqual([
      ['user import', 'jane@example.com'],
      ['user import', name],
    ])
  })

  const faulty = [
    'name,password,password_hash,pool',
    `good@example.com,${password},,`,
    'short@example.com,secret1,,',
    ` blank@example.com,${password},,`,
    `cheap@example.com,,${hash.replace('$10$', '$05$')},`,
    `both@example.com,${password},${hash},`,
    `GOOD@example.com,${password},,`,
    `pool@example.com,${password},,a pool`,
    'none@example.com,,,',
    `cells@example.com,${password}`,
  ].join('\n')
  const faults = [
    [3, 'password'],
    [4, 'name'],
    [5, 'password_hash'],
    [6, 'password'],
    [7, 'name'],
    [8, 'pool'],
    [9, 'password'],
    [10, ''],
  ]

  test('bad lines are left out, with line, field and reason, and no password is repeated', async () => {
    const { body } = await send(faulty)
    expect(body).toMatchObject({ done: true, rows: 9, added: 1, failed: 8 })
    expect(body.errors.map((each: { line: number; field: string }) => [each.line, each.field])).toEqual(
      faults,
    )
    expect(JSON.stringify(body)).not.toMatch(/secret1|horse|\$2y\$05\$V/)
  })

  test('all or nothing: one bad line, and nothing is done; also one that only the database knows of', async () => {
    const { body } = await send(faulty, { mode: 'all_or_nothing' })
    expect(body).toMatchObject({ done: false, added: 0, failed: 7 })
    const other = await send(`name,password_hash\na@example.com,${hash}\nb@example.com,\n`, {
      mode: 'all_or_nothing',
    })
    expect(other.body).toMatchObject({ done: false, added: 0, errors: [{ line: 3, field: 'password' }] })
    expect((await ask('GET /api/users')).body.total).toBe(0)
    const good = await send(`name,password_hash\na@example.com,${hash}\n`, { mode: 'all_or_nothing' })
    expect(good.body).toMatchObject({ done: true, added: 1 })
  })

  test('mailboxes that are there stay, or get what the line gives; a dry run does nothing', async () => {
    await add({ owner: 'Joe', pool: 'p1' })
    const content = `{"name":"${name}","owner":"Jane","enabled":false}\n{"name":"new@example.com","password_hash":"${hash}"}`
    const input = { format: 'ndjson', content }
    const post = (more: object) => ask('POST /api/users/import', { ...input, ...more })
    expect((await post({ dry_run: true, existing: 'change' })).body).toMatchObject({
      done: false,
      added: 1,
      changed: 1,
    })
    expect((await ask('GET /api/users')).body.total).toBe(1)
    expect((await post({})).body).toMatchObject({ added: 1, skipped: 1, changed: 0 })
    expect((await ask(`GET /api/users/${name}`)).body).toMatchObject({ owner: 'Joe', enabled: true })
    expect((await post({ existing: 'change' })).body).toMatchObject({ added: 0, skipped: 1, changed: 1 })
    expect((await ask(`GET /api/users/${name}`)).body).toMatchObject({
      owner: 'Jane',
      enabled: false,
      pool: 'p1',
    })
  })

  test.each([
    ['no header, whose first line is not repeated', `${name},${password}\n`],
    ['no name', 'owner\nJoe\n'],
    ['a column twice', 'name,name\na,b\n'],
    ['nothing', ''],
    ['an open quote', `name,owner\n${name},"Joe\n`],
  ])('is refused: %s', async (_case, content) => {
    const { status, body } = await send(content)
    expect([status, body.errors[0].field]).toEqual([400, 'content'])
    expect(JSON.stringify(body)).not.toContain('horse')
  })

  test('more than 200 plain passwords, or a body over 5 MiB, are refused', async () => {
    const lines = Array.from({ length: 201 }, (_, i) => `u${i}@example.com,${password}`)
    const { status, body } = await send(['name,password', ...lines].join('\n'))
    expect([status, body.detail]).toEqual([400, expect.stringContaining('at most 200')])
    expect((await send('x'.repeat(5 * 1024 * 1024))).status).toBe(413)
  })

  test('ten thousand in three requests, then exported in parts and taken in again, unchanged', {
    timeout: 120_000,
  }, async () => {
    const plain = Array.from({ length: 200 }, (_, i) => `plain${i}@example.com,${password},,"Nr. ${i}"`)
    const hashed = Array.from(
      { length: 9_800 },
      (_, i) => `hashed${i}@example.com,,${hash},"+${i} 👩‍👩‍👧 ${'x'.repeat(180)}"`,
    )
    const head = 'name,password,password_hash,owner'
    for (const part of [
      [...plain, ...hashed.slice(0, 4_000)],
      hashed.slice(4_000, 7_000),
      hashed.slice(7_000),
    ])
      expect((await send([head, ...part].join('\n'))).body).toMatchObject({ failed: 0, added: part.length })
    const before = await api.services.db
      .selectFrom('users')
      .select(['name', 'owner'])
      .orderBy('name')
      .execute()
    expect(before).toHaveLength(10_000)
    let parts = 0
    for (let next: string | null = '/api/export/users'; next !== null; parts++) {
      const { status, headers, body }: Awaited<ReturnType<typeof ask>> = await api.ask(
        `GET ${next}`,
        'auditor',
      )
      expect([status, headers.get('Content-Type')]).toEqual([200, 'text/csv; charset=utf-8'])
      expect(Buffer.byteLength(body)).toBeLessThan(4_000_000)
      expect(body).not.toMatch(/\$2y|,\+/)
      const content =
        parts === 0 ? body : `name,owner,enabled,protocols,pool,totp,created_at,updated_at\r\n${body}`
      const again = await send(content, { existing: 'change' })
      expect(again.body).toMatchObject({ failed: 0, added: 0 })
      next = /<(.+)>; rel="next"/.exec(headers.get('Link') ?? '')?.[1] ?? null
    }
    expect(parts).toBeGreaterThan(1)
    expect(
      await api.services.db.selectFrom('users').select(['name', 'owner']).orderBy('name').execute(),
    ).toEqual(before)
  })

  test.each(['csv', 'ndjson'] as const)('odd owners survive the way through %s', async format => {
    const owners = ['=1+1', "'=1+1", "''@x", '-', '\ttab', 'a,"b"\nc', '\u202Eright', '＝wide', '', "'plain"]
    for (const [i, owner] of owners.entries()) await add({ name: `o${i}@example.com`, owner })
    const { body: content } = await ask(`GET /api/export/users?format=${format}`)
    await api.services.db.updateTable('users').set({ owner: 'lost' }).execute()
    const { body } = await ask('POST /api/users/import', { format, content, existing: 'change' })
    expect(body).toMatchObject({ changed: owners.length, failed: 0, errors: [] })
    const { items } = (await ask('GET /api/users')).body
    expect(items.map(({ owner }: { owner: string }) => owner)).toEqual(owners)
  })
})
