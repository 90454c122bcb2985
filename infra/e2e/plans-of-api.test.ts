/**
 * No query of the API reads more than it needs. Complete by construction: every operation is asked, with every field and
 * every choice of its query, and whatever statement that executes is explained.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { operations } from '../../functions/index.ts'
import { type Api, type ApiAnswer, openApi } from './api.ts'
import { codeFor } from './authenticator.ts'
import { isMysql } from './databases.ts'
import { addressOf, backendPlace, fillTables, nameOf } from './filled.ts'
import { chooseFreePort } from './ports.ts'
import { type Fault, findFaults, recordStatements, type Statement } from './statements.ts'

const day = 86_400_000
let api: Api
let there: Awaited<ReturnType<typeof fillTables>>
const asked = new Set<string>()
const statements: Statement[] = []

beforeAll(async () => {
  api = await openApi({
    MAILGATEWAY_SMTP_HOST: '127.0.0.1',
    MAILGATEWAY_SMTP_PORT: String(await chooseFreePort()),
    MAILGATEWAY_SMTP_FROM: 'gateway@example.org',
  })
  there = await fillTables(api.services)
}, 300_000)
afterAll(() => api?.close())

/** What people look for, by the name of the field; a field without any fails the test. */
const samples = (): Record<string, unknown[]> => ({
  search: ['user77', 'reason 7'],
  text: ['user77', 'nowhere'],
  user: [nameOf(7)],
  address: [addressOf(7), '198.51.7.0/24', '198.51.0.0/18'],
  domain: ['d1.example'],
  pool: ['p1', ''],
  method: ['login'],
  reason: ['wrong_password', 'wrong_password,locked', 'ok'],
  backend: [backendPlace],
  actor: ['admin7'],
  action: ['user set7'],
  target: [nameOf(7)],
  recipient: [nameOf(7)],
  username: ['admin7'],
  since: [Date.now() - day, Date.now() - 7 * day],
  until: [Date.now() - day],
  tz: ['Asia/Kolkata'],
  limit: [5],
})
/** Comes from the page before. */
const marks = new Set(['after'])

type Asked = (typeof operations)[number]
const queryOf = (operation: Asked) => ('query' in operation ? (operation.query as z.ZodObject).shape : {})

function choicesOf(route: string, name: string, field: z.ZodType): unknown[] {
  const json = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' })
  if (json.enum) return json.enum
  if (json.type === 'boolean') return [true, false]
  const found = samples()[name]
  if (!found) throw new Error(`what to look for as ${name} in ${route}?`)
  return found
}

/** Decide what is shown how. */
const shaping = ['sort', 'order', 'state', 'step', 'span', 'by', 'kind']

/** Every shape without filters and with all of them, and every filter in every shape that one field makes. */

function queriesOf({ route, ...operation }: Asked): Record<string, unknown>[] {
  const fields = Object.entries(queryOf({ route, ...operation } as Asked)).filter(
    ([name]) => !marks.has(name),
  )
  const choices = fields.map(([name, field]) => [name, choicesOf(route, name, field as z.ZodType)] as const)
  const each = (some: typeof choices) =>
    some.flatMap(([name, values]) => values.map((value): Record<string, unknown> => ({ [name]: value })))
  const shapers = choices.filter(([name]) => shaping.includes(name))
  const filters = choices.filter(([name]) => !shaping.includes(name))
  const shapes = shapers.reduce<Record<string, unknown>[]>(
    (made, shaper) => made.flatMap(shape => [shape, ...each([shaper]).map(one => ({ ...shape, ...one }))]),
    [{}],
  )
  const all = Object.fromEntries(filters.map(([name, values]) => [name, values[0]]))
  return [
    ...shapes.flatMap(shape => [shape, { ...shape, ...all }]),
    ...each(filters).flatMap(filter => [{}, ...each(shapers)].map(shape => ({ ...shape, ...filter }))),
  ]
}

const path = (route: string, names: Record<string, string>) =>
  route.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name]!))

async function ask(
  route: string,
  more: { names?: object; query?: object; body?: unknown; as?: string } = {},
) {
  asked.add(route)
  const { names = {}, query = {}, body, as = 'superadmin' } = more
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  const place = path(route, names as Record<string, string>)
  return api.ask(search.size === 0 ? place : `${place}?${search}`, as, body)
}

/** What the path of a reading names. */
const namesIn = (route: string) => ({
  name: there.user,
  username: there.admin,
  key: 'auth.fail_ttl',
  request_id: there.attempt,
  id: route.includes('/backends/') ? there.backend : route.includes('/bans/') ? there.ban : there.exception,
})

const nextOf = ({ headers, body }: ApiAnswer): string | null =>
  headers.get('X-Next') ?? (typeof body?.next === 'string' ? body.next : null)

async function readEverything(): Promise<void> {
  for (const operation of operations.filter(({ route }) => route.startsWith('GET '))) {
    const { route } = operation
    for (const query of queriesOf(operation)) {
      const first = await ask(route, { names: namesIn(route), query })
      // Nothing is streamed in the test's own process; the numbers are those of /api/stats/now.
      const expected = route === 'GET /api/stats/live' ? [501] : [200, 400]
      expect(expected, `${route} ${JSON.stringify(query)} ${first.body?.detail}`).toContain(first.status)
      const after = nextOf(first)
      if (after !== null)
        expect((await ask(route, { names: namesIn(route), query: { ...query, after } })).status).toBe(200)
    }
  }
}

/** A day in the life of people who change things. */
async function changeEverything(): Promise<void> {
  const must = async (route: string, more: Parameters<typeof ask>[1] = {}, ...expected: number[]) => {
    const answer = await ask(route, more)
    const isRight = expected.length === 0 ? answer.status < 300 : expected.includes(answer.status)
    expect(isRight, `${route}: ${answer.status} ${JSON.stringify(answer.body)}`).toBe(true)
    return answer.body
  }
  const name = 'new@example.com'
  const password = 'correct horse battery'
  const names = { name, username: 'eve', key: 'auth.fail_ttl', grant: 'gone' }
  await must('POST /api/users', { body: { name, password } })
  await must('POST /api/users', { body: { name, password } }, 409)
  await must('PATCH /api/users/{name}', { names, body: { owner: 'Eve' } })
  await must('PUT /api/users/{name}/password', { names, body: { password: 'another horse' } })
  await must('POST /api/users/{name}/totp', { names })
  await must('POST /api/users/{name}/totp/confirm', { names, body: { code: null } })
  await must('POST /api/users/{name}/totp/reset', { names })
  await must('POST /api/users/{name}/notify', { names, body: { kind: 'totp_enrolled' } }, 202, 409)
  await must('DELETE /api/users/{name}/grants', { names })
  await must('DELETE /api/users/{name}/grants/{grant}', { names })
  await must('DELETE /api/users/{name}/totp', { names })
  await must('POST /api/users/{name}/unlock', { names: { name: there.user } })
  await must('DELETE /api/users/{name}/networks', { names: { name: there.user } })
  await must('DELETE /api/users/{name}', { names })
  const content = `name,password,owner\n${name},${password},\n${nameOf(8)},,changed`
  await must('POST /api/users/import', { body: { format: 'csv', content, existing: 'change' } })

  const backend = { protocol: 'imap', host: '127.0.0.1', port: await chooseFreePort() }
  const id = (await must('POST /api/backends', { body: backend })).backend.id
  await must('PATCH /api/backends/{id}', { names: { id }, body: { weight: 3 } })
  await must('POST /api/backends/{id}/check', { names: { id } })
  await must('POST /api/backends/preview', { body: { user: there.user, protocol: 'imap' } })
  await must('POST /api/backends/{id}/drain', { names: { id } })
  await must('DELETE /api/backends/{id}', { names: { id }, query: { force: true } })

  const ban = await must('POST /api/bans', {
    body: { cidr: '192.0.2.0/24', duration: day, reason: 'test', force: true },
  })
  await must('POST /api/bans/bulk', {
    body: { text: '192.0.2.7\n10.0.1.0/24', duration: day, reason: 'test' },
  })
  await must('PATCH /api/bans/{id}', { names: ban, body: { reason: 'better' } })
  await must('DELETE /api/bans/{id}', { names: ban })
  const exception = await must('POST /api/exceptions', { body: { cidr: '192.0.2.0/24', kind: 'allow' } })
  await must('PATCH /api/exceptions/{id}', { names: exception, body: { note: 'better' } })
  await must('DELETE /api/exceptions/{id}', { names: exception })

  await must('PUT /api/settings/{key}', { names, body: { value: '90s' } })
  await must('DELETE /api/settings/{key}', { names })
  await must('PATCH /api/settings', { body: { settings: { 'auth.fail_ttl': { value: '90s' } } } })
  await must('POST /api/notifications/test', { body: { to: 'joe@example.org' } }, 409)

  const made = await must('POST /api/admins', { body: { username: 'eve', role: 'operator' } })
  await must('POST /login', { body: { username: 'eve', password: 'wrong' } }, 401)
  const signIn = { username: 'eve', password: made.one_time_password, refresh_in_body: true }
  const entered = await must('POST /login', { body: signIn })
  const own = 'a horse of many colours'
  const as = entered.access_token
  const change = { old_password: made.one_time_password, new_password: own }
  await must('PUT /api/session/password', { as, body: change })
  await must('PATCH /api/session', { as, body: { language: 'zh' } })
  const { otpauth } = await must('POST /api/session/totp', { as, body: { password: own } })
  await must('POST /api/session/totp/confirm', { as, body: { code: codeFor(otpauth, Date.now()) } })
  await must('DELETE /api/session/totp', { as, body: { password: own } })
  await must('POST /refresh', { body: { refresh_token: entered.refresh_token } })
  await must('DELETE /api/session/sessions/{id}', { as, names: { id: 'gone' } })
  await must('DELETE /api/session/sessions', { as })
  await must('POST /logout', { as })

  await must('PATCH /api/admins/{username}', { names, body: { enabled: false } })
  await must('POST /api/admins/{username}/password', { names })
  await must('DELETE /api/admins/{username}/totp', { names })
  await must('POST /api/admins/{username}/unlock', { names })
  await must('DELETE /api/admins/{username}/sessions', { names })
  await must('DELETE /api/admins/{username}', { names })
}

/** Tables whose length nobody's number of users or attempts moves. */
const short: Record<string, string> = {
  admin: 'some dozens of people',
  backends: 'some dozens of servers',
  ip_exceptions: 'some hundred lines that people have written',
  sessions: 'of those people, gone half an hour after their last use',
  system_config: 'a row per setting that was changed',
}

/** Faults that are bearable, each with its reason. One that does not occur any more fails the test. */
const bearable: { table: string; what: Fault['what']; in: RegExp; why: string; onMysql?: true }[] = [
  {
    table: 'users',
    what: 'reads a whole index',
    in: /^select count\(\*\) as total from users/,
    why: 'a total counts them all, in an index that holds nothing but what lists look at',
  },
  {
    table: 'users',
    what: 'sorts',
    in: /where (?:.* and )?id in \(select locked\.id from .* limit/,
    why: 'those who are locked are few',
  },
  {
    table: 'ip_blacklist',
    what: 'reads a whole index',
    in: /^select count\(\*\) as total from ip_blacklist/,
    why: 'as that of users',
  },
  {
    table: 'ip_blacklist',
    what: 'reads a whole index',
    in: /^select count\(\*\) as count from ip_blacklist where lifted_at is null and ends_at >/,
    why: 'MariaDB may count those in force in the index of all of them, where they are most of it',
    onMysql: true,
  },
  {
    table: 'ip_blacklist',
    what: 'sorts',
    in: /and cidr in \(|where cidr in \(/,
    why: 'those around one address are few',
  },
  {
    table: 'auth_stats',
    what: 'sorts',
    in: /^select .*sum\(count\) .* from .*auth_stats where minute >= \?.* group by/,
    why: 'adds up counts: a row per minute and kind of the hours that no roll-up has yet',
  },
  {
    table: 'auth_rollups',
    what: 'sorts',
    in: /^select .*sum\(count\) .* from auth_rollups where span = \? and start >= \?.* group by/,
    why: 'adds up counts: a row per hour or day and kind',
  },
  {
    table: 'auth_tops',
    what: 'sorts',
    in: /where span = \? and start >= \? group by kind, name$/,
    why: 'at most a hundred rows of a kind and hour or day',
  },
  {
    table: 'known_networks',
    what: 'sorts',
    in: /where user_id = \? order by last_success_at desc$/,
    why: 'of one mailbox',
  },
  { table: 'grants', what: 'sorts', in: /where user_id = \? order by/, why: 'of one mailbox' },
  {
    table: 'notifications',
    what: 'sorts',
    in: /where \(kind = \? and state = \?/,
    why: 'MariaDB puts those together that two indexes lead to, where it takes them to be few',
    onMysql: true,
  },
]

test('every operation is asked, with every field and every choice of its query', async () => {
  const end = recordStatements()
  try {
    await readEverything()
    await changeEverything()
  } finally {
    statements.push(...end())
  }
  expect([...asked].toSorted()).toEqual(operations.map(({ route }) => route).toSorted())
  expect(statements.length).toBeGreaterThan(1_000)
}, 300_000)

test('none of their statements reads or sorts more than it has to', async () => {
  const faults = await findFaults(api.services.db, statements)
  const unused = new Set(bearable)
  const unbearable = faults.filter(({ table, what, sql }) => {
    const found = bearable.find(each => each.table === table && each.what === what && each.in.test(sql))
    if (found) unused.delete(found)
    return !(found || Object.hasOwn(short, table))
  })
  expect(unbearable.map(({ table, what, sql }) => `${table}: ${what} in ${sql}`)).toEqual([])
  // MariaDB has fewer of them: it says how many rows a sort is of.
  if (!isMysql()) expect([...unused].filter(({ onMysql }) => !onMysql)).toEqual([])
}, 300_000)

test('a missing index is noticed', async () => {
  const end = recordStatements()
  await api.services.db.selectFrom('users').select('id').where('login', '=', 'nobody').execute()
  await api.services.logDb.selectFrom('users').select('id').orderBy('login').limit(1).execute()
  const [bare, sorted] = await findFaults(api.services.db, end())
  expect(bare).toMatchObject({ table: 'users', what: 'reads all rows' })
  expect(sorted).toMatchObject({ table: 'users' })
})
