/** One table of requests, four hosts, the same answers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createNginxAuth } from '../../functions/nginx-auth/app.ts'
import { handler } from '../../functions/nginx-auth/lambda.ts'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { buildFunction } from '../build.ts'
import { ask, type Line, nginxLines } from './ask.ts'
import { startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { addBackends, type InProcess, openInProcess } from './in-process.ts'
import { joe, requests } from './requests.ts'
import { startFunction } from './runtime-api.ts'
import { openStores, sharedSecret } from './stores.ts'

type Host = (lines: readonly Line[]) => Promise<Record<string, string>>

const root = mkdtempSync(join(tmpdir(), 'mailgateway-hosts-'))
const dist = join(root, 'dist')
const hosts: Record<string, Host> = {}
const closing: (() => unknown)[] = []
let greeters: Greeters
let bundle: string

/** Every host gets a data folder of its own with the same mailbox and the same backends. */
async function openSeeded(host: string): Promise<InProcess> {
  const own = await openInProcess({ MAILGATEWAY_DATA_DIR: join(root, host) })
  await addBackends(own.services, greeters.ports)
  await addMailbox(own.services, { name: joe.user, password: joe.password })
  return own
}

/** A function URL joins doubled headers with a comma and writes names in lower case. */
function writeEvent(lines: readonly Line[]) {
  const headers = new Headers(lines.map(([name, value]) => [name, value]))
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/api/auth',
    rawQueryString: '',
    headers: { host: 'gateway.example', ...Object.fromEntries(headers) },
    requestContext: {
      domainName: 'gateway.example',
      http: { method: 'GET', path: '/api/auth', sourceIp: '192.0.2.1' },
    },
    isBase64Encoded: false,
  }
}

const readResult = (result: unknown) => {
  const { headers } = result as { headers: Record<string, string> }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

beforeAll(async () => {
  greeters = await startGreeters()
  closing.push(() => greeters.close())

  const own = await openSeeded('app')
  const app = createNginxAuth(own.services)
  closing.push(own.close)
  hosts['app.request'] = async lines =>
    Object.fromEntries(
      (await app.request('/api/auth', { headers: lines.map(([name, value]) => [name, value]) })).headers,
    )

  await (await openSeeded('event')).close()
  Object.assign(process.env, await openStores(join(root, 'event')), {
    MAILGATEWAY_DATA_DIR: join(root, 'event'),
    MAILGATEWAY_SECRET_KEY: sharedSecret,
  })
  const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 20_000 }
  hosts['Lambda event'] = async lines =>
    readResult(await handler(writeEvent(lines) as never, context as never))

  await (await openSeeded('runtime')).close()
  bundle = (await buildFunction('nginx-auth', dist)).entry
  const instance = await startFunction(bundle, {
    MAILGATEWAY_DATA_DIR: join(root, 'runtime'),
    ...(await openStores(join(root, 'runtime'))),
    MAILGATEWAY_SECRET_KEY: sharedSecret,
  })
  closing.push(instance.close)
  hosts['Runtime API'] = async lines => readResult(await instance.invoke(writeEvent(lines)))

  await (await openSeeded('socket')).close()
  const gateway = await startGateway(join(root, 'socket'))
  closing.push(gateway.stop)
  hosts['raw socket'] = async lines => (await ask(gateway.ports.nginx, lines)).headers
}, 120_000)
afterAll(async () => {
  for (const close of closing) await close()
  rmSync(root, { recursive: true })
})

const own = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('auth-')))

test.each(requests)('%s', async (_, lines, expected) => {
  const answers = await Promise.all(
    Object.entries(hosts).map(async ([host, send]) => [host, own(await send(lines))]),
  )
  const [, first] = answers[0]!
  expect(first).toMatchObject(expected)
  expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(answers.map(([host]) => [host, first])))
  expect(answers).toHaveLength(4)
})

test('in the cloud SQLite is refused, and nginx still gets an explicit answer', async () => {
  const instance = await startFunction(bundle, {
    MAILGATEWAY_DATA_DIR: join(root, 'cloud'),
    AWS_LAMBDA_FUNCTION_NAME: 'nginx-auth',
  })
  const headers = readResult(await instance.invoke(writeEvent(nginxLines(joe))))
  await instance.close()
  expect(headers).toMatchObject({ 'auth-status': 'Temporary failure, please try again later' })
})
