/** One table of administrators' requests, four hosts, the same answers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { handler as adminLogin } from '../../functions/admin-login/lambda.ts'
import { operations } from '../../functions/index.ts'
import { handler as users } from '../../functions/users/lambda.ts'
import type { Role } from '../../lib/admin/roles.ts'
import { createApi } from '../../lib/http/api.ts'
import { buildFunction } from '../build.ts'
import { signIn } from './api.ts'
import { startGateway } from './gateway.ts'
import { openInProcess } from './in-process.ts'
import { startFunction } from './runtime-api.ts'
import { openStores, sharedSecret } from './stores.ts'

interface Asked {
  method: string
  /** As on the wire: percent-encoded. */
  path: string
  headers: Record<string, string>
  body: string | undefined
}

interface Answer {
  status: number
  /** In lower case. */
  headers: Record<string, string>
  text: string
}

interface Host {
  ask(asked: Asked): Promise<Answer>
  tokens: Record<Role, string>
}

const root = mkdtempSync(join(tmpdir(), 'mailgateway-api-hosts-'))
const dist = join(root, 'dist')
const secret = { MAILGATEWAY_SECRET_KEY: sharedSecret }
const hosts: Record<string, Host> = {}
const closing: (() => unknown)[] = []

/** Every host has data of its own, with the same administrators. */
async function openSeeded(host: string) {
  const own = await openInProcess({ MAILGATEWAY_DATA_DIR: join(root, host), ...secret })
  const [auditor, operator, superadmin] = [
    await signIn(own.services, 'auditor'),
    await signIn(own.services, 'operator'),
    await signIn(own.services, 'superadmin'),
  ]
  return { ...own, tokens: { auditor, operator, superadmin } }
}

/** @returns the tokens only: another process goes on with the data */
async function seed(host: string) {
  const { close, tokens } = await openSeeded(host)
  await close()
  return tokens
}

const settingsOf = async (host: string) => ({
  MAILGATEWAY_DATA_DIR: join(root, host),
  ...(await openStores(join(root, host))),
  ...secret,
})

async function readResponse(response: Response): Promise<Answer> {
  const { status, headers } = response
  return { status, headers: Object.fromEntries(headers), text: await response.text() }
}

/** Of a function URL. */
function writeEvent({ method, path, headers, body }: Asked) {
  const [rawPath, rawQueryString = ''] = path.split('?')
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: { host: 'gateway.example', ...Object.fromEntries(lower) },
    requestContext: {
      domainName: 'gateway.example',
      http: { method, path: rawPath, sourceIp: '192.0.2.1' },
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  }
}

function readResult(result: unknown): Answer {
  const { statusCode, headers, body, isBase64Encoded } = result as {
    statusCode: number
    headers: Record<string, string>
    body: string
    isBase64Encoded: boolean
  }
  return {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    text: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString(),
  }
}

/** Which function a path belongs to, as the cloud's router has it. */
const functionOf = ({ path }: Asked) => (path.startsWith('/api/session') ? 'admin-login' : 'users')

beforeAll(async () => {
  const own = await openSeeded('app')
  closing.push(own.close)
  const app = createApi(own.services, operations)
  hosts['app.request'] = {
    tokens: own.tokens,
    ask: async ({ path, body, ...init }) =>
      readResponse(await app.request(path, { ...init, ...(body !== undefined && { body }) })),
  }

  const eventTokens = await seed('event')
  Object.assign(process.env, await settingsOf('event'))
  const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 20_000 }
  hosts['Lambda event'] = {
    tokens: eventTokens,
    async ask(asked) {
      const handler = functionOf(asked) === 'users' ? users : adminLogin
      return readResult(await handler(writeEvent(asked) as never, context as never))
    },
  }

  const runtimeTokens = await seed('runtime')
  const settings = await settingsOf('runtime')
  const start = async (name: string) => startFunction((await buildFunction(name, dist)).entry, settings)
  const instances = { users: await start('users'), 'admin-login': await start('admin-login') }
  for (const { close } of Object.values(instances)) closing.push(close)
  hosts['Runtime API'] = {
    tokens: runtimeTokens,
    ask: async asked => readResult(await instances[functionOf(asked)].invoke(writeEvent(asked))),
  }

  const gatewayTokens = await seed('gateway')
  const gateway = await startGateway(join(root, 'gateway'), { settings: secret })
  closing.push(gateway.stop)
  hosts.HTTP = {
    tokens: gatewayTokens,
    ask: async ({ path, body, ...init }) =>
      readResponse(
        await fetch(`http://127.0.0.1:${gateway.ports.admin}${path}`, {
          ...init,
          ...(body !== undefined && { body }),
        }),
      ),
  }
  // Every function is bundled.
}, 180_000)
afterAll(async () => {
  for (const close of closing) await close()
  rmSync(root, { recursive: true })
})

/** Of the connection (functions are asked over HTTPS), or of this one answer. */
const ofOneAnswer =
  /^(date|connection|keep-alive|transfer-encoding|content-length|x-request-id|strict-transport-security)$/
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** Without what cannot be the same twice: times, ids. */
function comparable(_: string, value: unknown): unknown {
  if (typeof value === 'number' && value > 1e12) return 'a time'
  return typeof value === 'string' && uuid.test(value) ? 'an id' : value
}

/** @param as the role that asks; '' = nobody */
async function askAll(route: string, as: Role | '', body?: unknown) {
  const [method = '', path = ''] = route.split(' ')
  const answers = Object.entries(hosts).map(async ([name, { ask, tokens }]) => {
    const headers = {
      ...(as !== '' && { Authorization: `Bearer ${tokens[as]}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await ask({ method, path, headers, body: text })
    const kept = Object.entries(answer.headers).filter(([header]) => !ofOneAnswer.test(header))
    expect(answer.headers['x-request-id'], name).toMatch(uuid)
    return [
      name,
      {
        status: answer.status,
        headers: Object.fromEntries(kept),
        body: answer.text === '' ? null : JSON.parse(answer.text, comparable),
      },
    ] as const
  })
  return Object.fromEntries(await Promise.all(answers))
}

const name = 'joe@example.com'
const joe = { name, password: 'correct horse battery' }
const strange = '=1+1 😀 \u202eabc\u202c \u200fשלום % _ \' " \\ <b>'
const encoded = encodeURIComponent(strange)
const problem = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }

test.each<[string, string, Role | '', unknown, number, object, Record<string, string>]>([
  ['who is signed in', 'GET /api/session', 'operator', undefined, 200, { username: 'operator' }, {}],
  ['a new mailbox', 'POST /api/users', 'operator', joe, 201, { name }, { 'cache-control': 'no-store' }],
  ['the same again', 'POST /api/users', 'operator', joe, 409, { code: 'conflict' }, problem],
  ['not JSON', 'POST /api/users', 'operator', '{', 400, { errors: [{ field: 'body' }] }, problem],
  ['no password', 'POST /api/users', 'operator', { name }, 400, { errors: [{ field: 'password' }] }, problem],
  [
    'no token',
    'GET /api/users',
    '',
    undefined,
    401,
    { code: 'unauthorized' },
    { 'www-authenticate': 'Bearer' },
  ],
  ['a role too low', 'POST /api/users', 'auditor', joe, 403, { code: 'forbidden' }, problem],
  ['no such mailbox', 'GET /api/users/nobody', 'auditor', undefined, 404, { code: 'not_found' }, problem],
  ['no such path', 'GET /api/users/a/b/c', 'auditor', undefined, 404, { code: 'not_found' }, problem],
  ['another method', 'PUT /api/users', 'operator', joe, 405, {}, { allow: 'GET, HEAD, POST, OPTIONS' }],
  [
    '65 KiB',
    'POST /api/users',
    'operator',
    `"${'x'.repeat(65 * 1024)}"`,
    413,
    { code: 'too_large' },
    problem,
  ],
  ['strange text', `PATCH /api/users/${name}`, 'operator', { owner: strange }, 200, { owner: strange }, {}],
  ['read again', 'GET /api/users/joe%40example.com', 'auditor', undefined, 200, { owner: strange }, {}],
  [
    'found',
    `GET /api/users?search=${encoded}`,
    'auditor',
    undefined,
    200,
    { items: [{ owner: strange }] },
    {},
  ],
  ['strange path', `GET /api/users/${encoded}`, 'auditor', undefined, 400, { code: 'invalid' }, problem],
  ['strange field', `GET /api/users?${encoded}=1`, 'auditor', undefined, 400, { code: 'invalid' }, problem],
  ['gone', `DELETE /api/users/${name}`, 'operator', undefined, 204, {}, {}],
  ['nobody is left', 'GET /api/users', 'auditor', undefined, 200, { items: [] }, {}],
])('%s: %s', async (_, route, as, body, status, answered, headers) => {
  const answers = await askAll(route, as, body)
  const first = answers['app.request']!
  expect(first).toMatchObject({ status, headers, body: status === 204 ? null : answered })
  expect(answers).toEqual(Object.fromEntries(Object.keys(hosts).map(host => [host, first])))
  expect(Object.keys(answers)).toHaveLength(4)
})
