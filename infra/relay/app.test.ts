/** What a relay makes of nginx's requests and of the gateway's answers; behind it the function's own app. */
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createNginxAuth } from '../../functions/nginx-auth/app.ts'
import { readFromGateway } from '../../lib/edge/answer.ts'
import type { Hold } from '../../lib/edge/hold.ts'
import { idHeader, type Line, sign, signatureHeader, timeHeader } from '../../lib/edge/sign.ts'
import { newId } from '../../lib/id.ts'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { nginxLines } from '../e2e/ask.ts'
import { addBackends, type InProcess, openInProcess } from '../e2e/in-process.ts'
import { rememberSecret } from '../e2e/leaks.ts'
import { createRelay, type RelayParts } from './app.ts'
import { createMemory, type Memory } from './memory.ts'
import { createRelayMetrics } from './metrics.ts'

const secret = newId() + newId()
/** Halves that a platform would join to the name and the password of a mailbox. */
const halves = { user: ['joe', 'joe@example.com'], password: ['correct horse', 'battery'] } as const
const joe = { user: halves.user.join(), password: halves.password.join() }

let own: InProcess
let memory: Memory
let warnings: Record<string, unknown>[]

beforeAll(async () => {
  rememberSecret(secret)
  own = await openInProcess({ MAILGATEWAY_EDGE_AUTH: 'hmac', MAILGATEWAY_EDGE_SECRET: secret })
  await addBackends(own.services, { imap: 143, pop3: 110, smtp: 587 })
  await addMailbox(own.services, { name: joe.user, password: joe.password })
})
afterAll(() => own?.close())
beforeEach(async () => {
  await own.services.db.deleteFrom('auth_log').execute()
  memory = createMemory(() => performance.now())
  warnings = []
})

/** As over a function URL, only that no line is dropped or joined on the way: all of them come once. */
const functionApp: RelayParts['cloud'] = {
  async ask(lines, id) {
    const time = String(Math.floor(Date.now() / 1_000))
    const signature = sign(secret, { method: 'GET', path: '/api/auth', time, id, lines })
    const proof: Line[] = [
      [timeHeader, time],
      [idHeader, id],
      [signatureHeader, signature],
    ]
    const headers = new Headers([...lines, ...proof].map(([name, value]) => [name, value]))
    const response = await createNginxAuth(own.services).request('/api/auth', { headers })
    return readFromGateway(Object.fromEntries(response.headers), id)!
  },
}

/** As Node's server hands over a request: with every line as it came. */
async function ask(app: ReturnType<typeof createNginxAuth>, lines: readonly Line[]) {
  const incoming = { rawHeaders: lines.flat(), socket: { remoteAddress: '127.0.0.1' } }
  return Object.fromEntries((await app.request('/api/auth', {}, { incoming })).headers)
}

const askRelay = (lines: readonly Line[], cloud = functionApp) =>
  ask(
    createRelay({
      cloud,
      memory,
      metrics: createRelayMetrics(memory.size),
      settings: { auth_server: { secret: '' } },
      clock: Date.now,
      log: pino({ level: 'warn' }, { write: line => warnings.push(JSON.parse(line)) }),
    }).app,
    lines,
  )

/** What nginx is told where there is no relay. */
const askGateway = (lines: readonly Line[]) => {
  const settings = { ...own.services.settings, edge: { auth: 'off' as const, secret: [] } }
  return ask(createNginxAuth({ ...own.services, settings }), lines)
}

const readReasons = async () =>
  (await own.services.db.selectFrom('auth_log').select(['reason', 'user']).execute()).map(
    ({ reason, user }) => `${reason} ${user}`,
  )

test('a login that is right', async () => {
  expect(await askRelay(nginxLines(joe))).toMatchObject({ 'auth-status': 'OK', 'auth-port': '143' })
  expect(warnings).toEqual([])
})

const without = (name: string) => nginxLines({ ...joe, protocol: 'pop3', attempt: 3 }, { [name]: undefined })
const both = (name: string, values: readonly string[]): [string, Line[]] => [
  name,
  [...without(name), ...values.map(value => [name, value] as const)],
]

test.each([
  both('Auth-Pass', halves.password.map(encodeURIComponent)),
  both('Auth-User', halves.user),
  both('Auth-Method', ['plain', 'plain']),
  both('Auth-Protocol', ['pop3', 'pop3']),
  both('Auth-Login-Attempt', ['3', '3']),
  both('Client-IP', ['192.0.2.7', '192.0.2.7']),
  both('Auth-SSL', ['on', 'on']),
  both('Auth-SSL-Cert', ['a', 'b']),
  both('Client-Host', ['a', 'b']),
  both('Proxy-Protocol-Addr', ['192.0.2.7', '192.0.2.8']),
])('a line that comes twice is refused, and written down, as without a relay: %s', async (name, lines) => {
  const told = await askRelay(lines)
  expect(told['auth-status']).not.toBe('OK')
  expect(told).toEqual(await askGateway(lines))
  const user = name === 'Auth-User' ? halves.user[1] : joe.user
  expect(await readReasons()).toEqual([`bad_request ${user}`, `bad_request ${user}`])
  // In another letter case it is the same line.
  const cased = lines.map(([each, value], i): Line => [i % 2 ? each : each.toUpperCase(), value])
  expect(await askRelay(cased)).toEqual(told)
})

const hold: Hold = { reason: 'banned', prefix: '192.0.2.0/24', ofUser: false, ms: 60_000 }
const refused = { 'Auth-Status': '[AUTHENTICATIONFAILED] Invalid user name or password', 'Auth-Wait': '1' }

test.each([
  [hold, null],
  [{ ...hold, prefix: '198.51.100.0/24' }, /where the client is$/],
  [{ ...hold, prefix: '0.0.0.0/0' }, /wider than a \/8$/],
  [{ ...hold, ms: 86_400_000 }, /longer than 60 s$/],
] as const)('of a refusal %j is remembered, or told of: %s', async (answered, excess) => {
  const told = await askRelay(nginxLines(joe), { ask: async () => ({ answer: refused, hold: answered }) })
  expect(told['auth-status']).toBe(refused['Auth-Status'])
  expect(memory.size()).toBe(excess === null ? 1 : 0)
  expect(warnings).toEqual(
    excess === null ? [] : [expect.objectContaining({ ...answered, msg: expect.stringMatching(excess) })],
  )
})
