/** What a request must prove where everybody can ask, and what becomes of one that is repeated. */
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verbs } from '../../infra/adapter/verbs.ts'
import { type Line, nginxLines } from '../../infra/e2e/ask.ts'
import { askApp } from '../../infra/e2e/ask-app.ts'
import { codeFor } from '../../infra/e2e/authenticator.ts'
import { addBackends, type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { rememberSecret } from '../../infra/e2e/leaks.ts'
import { readFromGateway } from '../../lib/edge/answer.ts'
import { sign } from '../../lib/edge/sign.ts'
import { newId } from '../../lib/id.ts'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { forwardLines } from './forward-lines.ts'

const [newSecret, oldSecret] = [newId() + newId(), newId() + newId()]
const joe = { user: 'joe@example.com', password: 'correct horse battery' }
const wrong = { ...joe, password: 'not the password' }

let own: InProcess

async function open(edge: Record<string, string>): Promise<void> {
  own = await openInProcess({ MAILGATEWAY_EDGE_SECRET: `${newSecret},${oldSecret}`, ...edge })
  await addBackends(own.services, { imap: 143, pop3: 110, smtp: 587 })
  await addMailbox(own.services, { name: joe.user, password: joe.password })
}
beforeEach(() => [newSecret, oldSecret].forEach(rememberSecret))
afterEach(() => own.close())

interface Signing {
  secret?: string
  id?: string
  /** Seconds that the relay's clock is ahead. */
  ahead?: number
  path?: string
}

function signed(
  lines: readonly Line[],
  { secret = newSecret, id = newId(), ahead = 0, path = '/api/auth' }: Signing = {},
): Line[] {
  const time = String(Math.floor(Date.now() / 1_000) + ahead)
  const signature = sign(secret, { method: 'GET', path, time, id, lines })
  return [...lines, ['X-Edge-Time', time], ['X-Edge-Id', id], ['X-Edge-Signature', signature]]
}

async function send(lines: readonly Line[], path = '/api/auth') {
  return Object.fromEntries(await askApp(own.services, lines, path))
}

const rows = () => own.services.db.selectFrom('auth_log').selectAll().execute()
const guesses = async () =>
  (await own.services.db.selectFrom('users').select('guesses').executeTakeFirstOrThrow()).guesses
const temporary = 'Temporary failure, please try again later'

describe('hmac', () => {
  beforeEach(() => open({ MAILGATEWAY_EDGE_AUTH: 'hmac' }))

  test('with a signature of either secret the login is decided, and answered under its id', async () => {
    for (const secret of [newSecret, oldSecret]) {
      const id = newId()
      const headers = await send(signed(nginxLines(joe), { secret, id }))
      expect(readFromGateway(headers, id)).toEqual({
        answer: {
          'Auth-Status': 'OK',
          'Auth-Server': '127.0.0.1',
          'Auth-Port': '143',
          'Auth-User': joe.user,
        },
        hold: null,
      })
      expect(readFromGateway(headers, newId())).toBeNull()
    }
    expect((await rows()).map(({ reason }) => reason)).toEqual(['ok', 'ok'])
  })

  const tampered: [string, (lines: Line[]) => Line[]][] = [
    ['no signature at all', lines => lines.filter(([name]) => !name.startsWith('X-Edge'))],
    ['another user', lines => lines.map(([name, value]) => [name, name === 'Auth-User' ? 'eve' : value])],
    [
      'another address',
      lines => lines.map(([name, value]) => [name, name === 'Client-IP' ? '192.0.2.8' : value]),
    ],
    ['a line more', lines => [...lines, ['Auth-SSL', 'on']]],
    ['a line more that ends in a colon', lines => [...lines, ['Auth-SSL', 'on:']]],
    ['a line less', lines => lines.filter(([name]) => name !== 'Auth-Login-Attempt')],
    ['another id', lines => lines.map(([name, value]) => [name, name === 'X-Edge-Id' ? newId() : value])],
    [
      'another time',
      lines =>
        lines.map(([name, value]) => [name, name === 'X-Edge-Time' ? String(Number(value) + 1) : value]),
    ],
    ['two ids', lines => [...lines, ['X-Edge-Id', newId()]]],
    [
      'half a signature',
      lines => lines.map(([name, value]) => [name, name === 'X-Edge-Signature' ? value.slice(32) : value]),
    ],
  ]
  const elsewhere: [string, Signing][] = [
    ['a secret that nobody has', { secret: newId() + newId() }],
    ['half a minute old and more', { ahead: -32 }],
    ['half a minute ahead and more', { ahead: 32 }],
    ['another path', { path: '/api/edge' }],
    ['an id that is none', { id: 'x' }],
  ]
  test.each([
    ...tampered.map(([what, change]) => [what, () => change(signed(nginxLines(wrong)))] as const),
    ...elsewhere.map(([what, signing]) => [what, () => signed(nginxLines(wrong), signing)] as const),
  ])('%s: a temporary failure that costs nothing', async (_, lines) => {
    const headers = await send(lines())
    expect(headers).toEqual({ 'auth-status': temporary, 'auth-error-code': '454 4.7.0' })
    expect(own.hashes()).toBe(0)
    expect(await rows()).toEqual([])
    expect(await guesses()).toBe(0)
  })

  test('a clock that is off by less does no harm', async () => {
    for (const ahead of [-28, 28])
      expect(await send(signed(nginxLines(joe), { ahead }))).toMatchObject({ 'auth-status': 'OK' })
  })

  test('names and passwords of all bytes arrive as they are', async () => {
    const name = '用户@例子.cn'
    const password = 'pässwörd 100%+"\\\''
    await addMailbox(own.services, { name, password })
    const lines = forwardLines(nginxLines({ user: name, password }))
    expect(lines.every(([, value]) => /^[ -~]*$/.test(value))).toBe(true)
    const id = newId()
    const headers = await send(signed(lines, { id }))
    expect(Object.values(headers).every(value => /^[ -~]*$/.test(value))).toBe(true)
    const { 'Auth-User': login } = readFromGateway(headers, id)!.answer
    expect(Buffer.from(login!, 'latin1').toString()).toBe(name)
  })

  test('a repeated request is decided, counted and written down once, and told the same', async () => {
    for (const login of [wrong, joe]) {
      const id = newId()
      const answers = [
        await send(signed(nginxLines(login), { id })),
        await send(signed(nginxLines(login), { id, ahead: 3 })),
      ]
      answers.push(...(await Promise.all([1, 2, 3].map(() => send(signed(nginxLines(login), { id }))))))
      expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
    }
    const [guess, success, ...more] = await rows()
    expect(guess).toMatchObject({
      reason: 'wrong_password',
      counters: expect.stringMatching(/total 1\/.*address 1\//),
    })
    expect(success).toMatchObject({ reason: 'ok' })
    expect(more).toEqual([])
    expect(own.hashes()).toBe(2)
  })

  test('one that comes before its first is decided waits for that', async () => {
    const id = newId()
    const answers = await Promise.all([1, 2, 3, 4].map(() => send(signed(nginxLines(joe), { id }))))
    expect(answers.map(headers => headers['auth-status'])).toEqual(['OK', 'OK', 'OK', 'OK'])
    expect(await rows()).toHaveLength(1)
    expect(own.hashes()).toBe(1)
  })

  test('what is sent under the same id and is another request is decided for itself', async () => {
    const id = newId()
    expect(await send(signed(nginxLines(joe), { id }))).toMatchObject({ 'auth-status': 'OK' })
    expect((await send(signed(nginxLines(wrong), { id })))['auth-status']).not.toBe('OK')
  })

  test('a mailbox with codes: the repetition is told the password without the code, which is kept nowhere', async () => {
    const name = 'codes@example.com'
    const added = await addMailbox(own.services, { name, password: joe.password, totp: true })
    const code = codeFor('otpauth' in added ? added.otpauth : '', Date.now())
    const login = { user: name, password: joe.password + code }
    const id = newId()
    const first = await send(signed(nginxLines(login), { id }))
    expect(readFromGateway(first, id)!.answer).toMatchObject({
      'Auth-Status': 'OK',
      'Auth-Pass': 'correct horse battery',
    })
    expect(await send(signed(nginxLines(login), { id }))).toEqual(first)
  })

  test('a relay may ask whether its proof is good', async () => {
    const id = newId()
    expect(readFromGateway(await send(signed([], { id, path: '/api/edge' }), '/api/edge'), id)).not.toBeNull()
    expect(await send(signed([], { path: '/api/edge', ahead: 99 }), '/api/edge')).not.toHaveProperty(
      'x-edge-id',
    )
  })

  test('a ban is told with where it holds, and is over when it was lifted', async () => {
    const { services } = own
    const from = '198.51.100.7'
    const { id } = await verbs['ban add'](services, {
      cidr: '198.51.100.0/24',
      reason: 'test',
      ends_at: null,
    })
    expect(await holdOf(joe, from)).toEqual({
      reason: 'banned',
      prefix: '198.51.100.0/24',
      ofUser: false,
      ms: 60_000,
    })
    await verbs['ban remove'](services, { ban: id })
    expect(await holdOf(joe, from)).toBeNull()
  })

  test('neither right nor wrong passwords are held', async () => {
    for (const login of [joe, wrong]) expect(await holdOf(login)).toBeNull()
  })
})

const holdOf = async (login: typeof joe, address = '192.0.2.7') => {
  const id = newId()
  const headers = await send(signed(nginxLines(login, { 'Client-IP': address }), { id }))
  return readFromGateway(headers, id)!.hold
}

describe('what guessing leads to', () => {
  beforeEach(() =>
    open({
      MAILGATEWAY_EDGE_AUTH: 'hmac',
      MAILGATEWAY_AUTH_MAX_FAIL_ATTEMPTS: '2',
      MAILGATEWAY_AUTH_LOCK_TTL: '20s',
      MAILGATEWAY_GUESSING_ADDRESS_LIMIT: '5',
    }),
  )
  const guess = (n: number, user = joe.user, address?: string) =>
    holdOf({ user, password: `guess ${n}` }, address)

  test('a lock is told for the user in the network of the client, as long as it lasts', async () => {
    for (const n of [1, 2]) expect(await guess(n)).toBeNull()
    const hold = await guess(3)
    expect(hold).toMatchObject({ reason: 'locked', prefix: '192.0.2.0/24', ofUser: true })
    expect(hold!.ms).toBeGreaterThan(0)
    expect(hold!.ms).toBeLessThanOrEqual(20_000)
  })

  test('an automatic ban holds for everybody where nobody is known, else for the user', async () => {
    for (let n = 0; n < 5; n++) await guess(n, `nobody${n}`)
    const ban = { reason: 'banned_automatically', prefix: '192.0.2.7/32', ms: 60_000 }
    expect(await guess(6, 'nobody6')).toEqual({ ...ban, ofUser: false })

    const elsewhere = '198.51.100.7'
    expect(await holdOf(joe, elsewhere)).toBeNull()
    for (let n = 0; n < 5; n++) await guess(n, `other${n}`, elsewhere)
    expect(await guess(6, 'other6', elsewhere)).toEqual({ ...ban, prefix: `${elsewhere}/32`, ofUser: true })
    expect(await send(signed(nginxLines(joe, { 'Client-IP': elsewhere })))).toMatchObject({
      'auth-status': 'OK',
    })
  })
})

test('where it cannot be found out how long a refusal holds, the relay is not told, and the log says why', async () => {
  await open({ MAILGATEWAY_EDGE_AUTH: 'hmac', MAILGATEWAY_GUESSING_ADDRESS_LIMIT: '2' })
  for (const user of ['nobody1', 'nobody2']) await holdOf({ ...wrong, user })
  const lines: object[] = []
  const log = pino({ level: 'debug' }, { write: line => lines.push(JSON.parse(line)) })
  const holdingAt = () => {
    throw new Error('the list is away')
  }
  const bans = { ...own.services.bans, holdingAt }
  own = { ...own, services: { ...own.services, bans, log } }
  expect(await holdOf({ ...wrong, user: 'nobody2' })).toBeNull()
  expect(await rows()).toContainEqual(
    expect.objectContaining({ user: 'nobody2', reason: 'banned_automatically' }),
  )
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 20, error: expect.stringContaining('the list is away') }),
  )
})

describe('secret', () => {
  beforeEach(() => open({ MAILGATEWAY_EDGE_AUTH: 'secret' }))
  const id = 'X-Edge-Id'

  test('with either secret the login is decided, and nginx is told what it understands', async () => {
    for (const secret of [newSecret, oldSecret]) {
      const headers = await send([...nginxLines(joe), ['X-Auth-Key', secret], [id, 'f'.repeat(32)]])
      expect(headers).toMatchObject({ 'auth-status': 'OK' })
      expect(Object.keys(headers).filter(name => name.startsWith('x-edge'))).toEqual([])
    }
  })

  test.each([
    ['no secret', []],
    ['another one', [['X-Auth-Key', newId() + newId()]]],
    ['both secrets at once', [['X-Auth-Key', `${newSecret},${oldSecret}`]]],
    ['a signature', signed(nginxLines(wrong)).slice(-3)],
  ] as [string, Line[]][])('%s: a temporary failure that costs nothing', async (_, lines) => {
    expect(await send([...nginxLines(wrong), ...lines])).toMatchObject({ 'auth-status': temporary })
    expect(own.hashes()).toBe(0)
    expect(await rows()).toEqual([])
  })

  test('a request that nginx sends to two addresses is decided once; one id for all is no reason to mix them up', async () => {
    const proof: Line[] = [
      ['X-Auth-Key', newSecret],
      [id, '0123456789abcdef0123456789abcdef'],
    ]
    const [first, second] = [
      await send([...nginxLines(joe), ...proof]),
      await send([...nginxLines(joe), ...proof]),
    ]
    expect(second).toEqual(first)
    expect(await rows()).toHaveLength(1)
    expect((await send([...nginxLines(wrong), ...proof]))['auth-status']).not.toBe('OK')
  })
})
