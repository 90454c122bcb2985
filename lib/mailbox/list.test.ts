import { type Compilable, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMysql } from '../../infra/e2e/databases.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import type { User } from '../database/schema.ts'
import { parseInput } from '../input.ts'
import { listMailboxes, mailboxPage, matching, selectKeys } from './list.ts'
import { listColumns } from './search-text.ts'

let host: InProcess
beforeAll(async () => {
  host = await openInProcess()
})
afterAll(() => host?.close())

let made = 0
const makeRow = (name: string, given: Partial<User> = {}) => {
  const row: User = {
    id: `id-${String(made++).padStart(6, '0')}`,
    name,
    login: name,
    domain: name.split('@').at(-1)!,
    password_hash: '',
    owner: '',
    enabled: 1,
    protocols: 'imap',
    pool: null,
    version: 1,
    credential_version: 1,
    totp_secret: null,
    totp_confirmed: 0,
    totp_last_step: 0,
    guesses: 0,
    created_at: made,
    updated_at: made,
    ...given,
  }
  return { ...row, ...listColumns(row) }
}

async function insertRows(rows: ReturnType<typeof makeRow>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 500)
    await host.services.db
      .insertInto('users')
      .values(rows.slice(at, at + 500))
      .execute()
}

const list = async (input: object) => listMailboxes(host.services, parseInput(mailboxPage, input))
const names = async (input: object) => (await list(input)).items.map(({ name }) => name)

/** What people may type as an owner. */
const hostile = [
  '100% sure_\\',
  `'; drop table users; --`,
  '"quoted"',
  '👩‍👩‍👧 family',
  '\u202Eright to left\u202C',
  '=cmd()|calc',
  'two\nlines\ttab',
  'İstanbul',
  '<script>',
  '!%_',
]

describe('searching', () => {
  beforeAll(async () => {
    await host.services.db.deleteFrom('users').execute()
    await insertRows([
      makeRow('a%b@x.org', { owner: 'percent' }),
      makeRow('a_b@x.org', { owner: 'under' }),
      makeRow('axb@sub.x.org', { owner: 'somebody@x.org' }),
      makeRow('z@x.org', { owner: 'ÄRZTE & Söhne' }),
      makeRow('jo@xn--fsqu00a.cn', { login: 'Jo@例子.cn' }),
      ...hostile.map((owner, i) => makeRow(`hostile${i}@odd.example`, { owner })),
    ])
  })

  test.each([
    ['a%b', ['a%b@x.org']],
    ['a_b', ['a_b@x.org']],
    ['UNDER', ['a_b@x.org']],
    ['ärzte', ['z@x.org']],
    ['So\u0308HNE', ['z@x.org']],
    ['例子', ['jo@xn--fsqu00a.cn']],
    ["' or 1=1 --", []],
    ['%', ['a%b@x.org', 'hostile0@odd.example', 'hostile9@odd.example']],
  ])('%s', async (search, found) => {
    expect(await names({ search })).toEqual(found)
    expect((await list({ search, limit: 1 })).total).toBe(found.length)
  })

  test.each(hostile.map((owner, i) => [owner, i] as const))('%s comes back as it was', async (owner, i) => {
    const { items } = await list({ search: owner, domain: 'odd.example' })
    expect(items.find(({ name }) => name === `hostile${i}@odd.example`)?.owner).toBe(owner)
  })

  test('a domain is the whole one, in either spelling', async () => {
    expect(await names({ domain: 'X.org' })).toEqual(['a%b@x.org', 'a_b@x.org', 'z@x.org'])
    expect(await names({ domain: '例子.cn' })).toEqual(['jo@xn--fsqu00a.cn'])
    await expect(list({ domain: 'no domain' })).rejects.toMatchObject({ code: 'invalid', field: 'domain' })
  })

  test.each([
    [{ limit: 0 }, 'limit'],
    [{ limit: 1001 }, 'limit'],
    [{ search: 5 }, 'search'],
    [{ sort: 'password_hash' }, 'sort'],
    [{ order: 'up' }, 'order'],
    [{ page: 1 }, ''],
    [{ after: 'nonsense' }, 'after'],
    [{ after: Buffer.from('[1]').toString('base64url') }, 'after'],
    [
      { after: Buffer.from('["created_at","asc","text","x"]').toString('base64url'), sort: 'created_at' },
      'after',
    ],
  ])('refuses %j', async (input, field) => {
    await expect(list(input)).rejects.toMatchObject({ code: 'invalid', field })
  })
})

describe('many', () => {
  const rows = Array.from({ length: 3_000 }, (_, i) =>
    makeRow(`user${i}@d${i % 3}.example`, {
      owner: ['', ' padded', '\tTab', 'Zoë', '👩 x'][i % 5]!,
      enabled: i % 7 === 0 ? 0 : 1,
      pool: i % 4 === 0 ? 'p1' : null,
      totp_secret: i % 6 < 2 ? 'sealed' : null,
      totp_confirmed: i % 6 === 0 ? 1 : 0,
      guesses: i % 50 === 0 ? 100 : 0,
      created_at: Math.floor(i / 10),
      updated_at: 5_000 - Math.floor(i / 100),
    }),
  )
  beforeAll(async () => {
    await host.services.db.deleteFrom('users').execute()
    await insertRows(rows)
  })

  test.each(
    (['name', 'owner', 'created_at', 'updated_at'] as const).flatMap(sort =>
      (['asc', 'desc'] as const).map(order => [sort, order] as const),
    ),
  )('by %s, %s: page after page each comes once, in order', async (sort, order) => {
    const found: (typeof rows)[number][] = []
    const byName = new Map(rows.map(row => [row.name, row]))
    for (let after: string | null = ''; after !== null; ) {
      const page = await list({ sort, order, after, limit: 700 })
      expect(page.total).toBe(3_000)
      found.push(...page.items.map(({ name }) => byName.get(name)!))
      after = page.next
    }
    expect(new Set(found).size).toBe(3_000)
    expect(found).toHaveLength(3_000)
    if (sort === 'owner') return
    const sign = order === 'asc' ? 1 : -1
    const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0)
    expect(found).toEqual(
      found.toSorted((a, b) => sign * (compare(a[sort], b[sort]) || compare(a.name, b.name))),
    )
  })

  test.each([
    [{ enabled: false }, (row: User) => row.enabled === 0],
    [{ enabled: true, pool: '' }, (row: User) => row.enabled === 1 && row.pool === null],
    [{ pool: 'p1', totp: 'on' }, (row: User) => row.pool === 'p1' && row.totp_confirmed === 1],
    [{ totp: 'pending' }, (row: User) => row.totp_secret !== null && row.totp_confirmed === 0],
    [
      { totp: 'off', domain: 'd1.example' },
      (row: User) => row.totp_secret === null && row.domain === 'd1.example',
    ],
    [{ search: 'zoë', enabled: false }, (row: User) => row.owner === 'Zoë' && row.enabled === 0],
  ] as const)('%j', async (input, isWanted) => {
    const wanted = rows.filter(isWanted)
    const { items, total } = await list({ ...input, sort: 'created_at', limit: 1000 })
    expect(total).toBe(wanted.length)
    expect(items).toHaveLength(Math.min(1000, wanted.length))
    const known = new Set(wanted.map(({ name }) => name))
    expect(items.filter(({ name }) => !known.has(name))).toEqual([])
  })

  test('those who are locked, by their long count or by name, and all others', async () => {
    const locked = { guesses: 100, names: ['user1@d1.example', 'user50@d2.example', 'gone@x.org'] }
    const count = async (wanted: boolean) =>
      (await listMailboxes(host.services, parseInput(mailboxPage, { sort: 'owner' }), { wanted, ...locked }))
        .total
    expect(await count(true)).toBe(61)
    expect(await count(false)).toBe(2_939)
  })

  /** Whether the plan reads that index alone, and sorts nothing. */
  async function explain(query: Compilable): Promise<string> {
    const { sql: text, parameters } = query.compile()
    const parts = text
      .split('?')
      .flatMap((part, i) => (i === 0 ? [sql.raw(part)] : [sql`${parameters[i - 1]}`, sql.raw(part)]))
    const command = sql.raw(isMysql() ? 'explain ' : 'explain query plan ')
    const { rows } = await sql<Record<string, string>>`${command}${sql.join(parts, sql.raw(''))}`.execute(
      host.services.logDb,
    )
    return rows.map(row => (isMysql() ? `${row.key} ${row.Extra}` : row.detail)).join('\n')
  }

  const marked = { name: 'user50@d2.example', owner: 'Zoë', created_at: 100, updated_at: 4_990 }
  const everyFilter = { search: 'user', enabled: true, totp: 'off', domain: 'd1.example', pool: 'p1' }
  const cases = (['name', 'owner', 'created_at', 'updated_at'] as const).flatMap(sort =>
    (['asc', 'desc'] as const).flatMap(order =>
      [{}, { search: 'user2' }, { enabled: false }, everyFilter].map(
        filter => [sort, order, filter] as const,
      ),
    ),
  )
  test.each(cases)('the plan by %s, %s, %j: one index in its order', async (sort, order, filter) => {
    const value = sort === 'name' ? '' : marked[sort]
    const after = Buffer.from(JSON.stringify([sort, order, value, marked.name])).toString('base64url')
    for (const page of [
      { sort, order, ...filter },
      { sort, order, ...filter, after },
    ]) {
      const plan = await explain(selectKeys(host.services.logDb, parseInput(mailboxPage, page)))
      expect(plan).toMatch(
        isMysql()
          ? new RegExp(`^users_by_${sort} .*Using index`)
          : new RegExp(`COVERING INDEX users_by_${sort}`),
      )
      expect(plan).not.toMatch(/filesort|temporary|TEMP B-TREE/)
    }
  })

  test.each([[{}], [{ search: 'user2' }], [{ enabled: false }], [everyFilter]])(
    'the plan of the total of %j: one index',
    async filter => {
      const query = matching(host.services.logDb, parseInput(mailboxPage, filter))
      const plan = await explain(query.select(eb => eb.fn.countAll().as('total')))
      expect(plan).toMatch(isMysql() ? /Using index$/ : /COVERING INDEX/)
    },
  )

  test('the plan of those who are locked goes by the index of the long count', async () => {
    const locked = { wanted: true, guesses: 100, names: ['user1@d1.example'] }
    const plan = await explain(
      selectKeys(host.services.logDb, parseInput(mailboxPage, { sort: 'owner' }), locked),
    )
    expect(plan).toMatch(/users_guesses/)
  })
})
