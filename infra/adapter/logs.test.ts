import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ask, nginxLines, sendRaw } from '../e2e/ask.ts'
import { type Gateway, startGateway } from '../e2e/gateway.ts'

vi.setConfig({ testTimeout: 120_000 })

const joe = { user: 'joe@example.com', password: 'correct horse battery' }
const secret = 'a-secret-of-nginx-and-us'
const query = 'token=nothing-for-a-log'

let folder: string
let gateway: Gateway
const logFile = () => join(folder, 'logs', 'app.log')
const failFile = () => join(folder, 'logs', 'auth-fail.log')

const settings = () => ({
  MAILGATEWAY_LOG_FILE_PATH: logFile(),
  MAILGATEWAY_LOG_AUTH_FAIL_PATH: failFile(),
  MAILGATEWAY_LOG_MAX_SIZE: '4KB',
  MAILGATEWAY_LOG_MAX_FILES: '10000',
  MAILGATEWAY_AUTH_SERVER_SECRET: secret,
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-logs-'))
  gateway = await startGateway(join(folder, 'data'), { settings: settings() })
  await gateway.do('user add', { name: joe.user, password: joe.password })
})
afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

interface Line {
  level: number
  msg: string
  request_id: string
  plane: string
  method?: string
  path?: string
  status: number
  client: string
  duration_ms: number
}

/** Everything in the file and in those that it was before, oldest first. */
function readAll(path: string): string {
  const names = readdirSync(join(path, '..')).map(name => join(path, '..', name))
  const old = names.filter(name => name.startsWith(`${path}.`)).toSorted()
  return [...old, path].map(name => readFileSync(name, 'utf8')).join('')
}
const readRequests = () =>
  readAll(logFile())
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Line)
    .filter(({ msg }) => msg === 'request')

const eventually = <T>(check: () => T) => vi.waitFor(check, 10_000)

/** The request lines that `act` leads to, once there are so many. */
async function linesAfter(act: () => Promise<unknown>, count = 1): Promise<Line[]> {
  const before = readRequests().length
  await act()
  // A file may be renamed while its folder is read.
  return eventually(() => {
    const lines = readRequests().slice(before)
    expect(lines.length).toBeGreaterThanOrEqual(count)
    return lines
  })
}

const fromNginx = { 'X-Auth-Key': secret }
const login = (user = joe.user, password = joe.password) =>
  ask(gateway.ports.nginx, nginxLines({ user, password }, fromNginx))
const fetchAdmin = (path: string, headers = {}) =>
  fetch(`http://127.0.0.1:${gateway.ports.admin}${path}`, { headers })

test('a login has one line, under the id of its audit row, and its answer no further header', async () => {
  let names: string[] = []
  const lines = await linesAfter(async () => {
    names = Object.keys((await login()).headers)
  })
  const [row] = (await gateway.do('log search', { limit: 1 })).items
  expect(lines).toEqual([
    {
      level: 30,
      time: expect.stringMatching(/Z$/),
      request_id: row!.request_id,
      plane: 'nginx',
      method: 'GET',
      path: '/api/auth',
      status: 200,
      client: '192.0.2.7',
      duration_ms: expect.any(Number),
      msg: 'request',
    },
  ])
  expect(names).not.toContain('x-request-id')
})

test('so has what never becomes an attempt, and what the parser refuses', async () => {
  const port = gateway.ports.nginx
  const without = await linesAfter(() => ask(port, nginxLines(joe)))
  expect(without).toMatchObject([{ plane: 'nginx', path: '/api/auth', status: 200, client: '127.0.0.1' }])
  const elsewhere = await linesAfter(() => sendRaw(port, `GET /elsewhere?${query} HTTP/1.0\r\n\r\n`))
  expect(elsewhere).toMatchObject([{ plane: 'nginx', method: 'GET', path: '/elsewhere', status: 404 }])
  for (const impossible of ['CONNECT x:1', 'GET http://[x', 'OPTIONS *']) {
    const refused = await linesAfter(() => sendRaw(port, `${impossible} HTTP/1.0\r\n\r\n`))
    expect(refused).toMatchObject([{ plane: 'nginx', status: 400 }])
  }
  const onAdmin = await linesAfter(() => sendRaw(gateway.ports.admin, 'GET http://[x HTTP/1.0\r\n\r\n'))
  expect(onAdmin).toMatchObject([{ plane: 'admin', status: 400 }])
  const packet = `GET /api/auth HTTP/1.0\r\nX-Auth-Key: ${secret}\r\nAuth-User: a\x7fb\r\nClient-IP: 192.0.2.9\r\n\r\n`
  const [unparsed] = await linesAfter(() => sendRaw(port, packet))
  expect(unparsed).toMatchObject({ plane: 'nginx', status: 200, client: '192.0.2.9' })
  expect(unparsed).not.toHaveProperty('path')
})

test('the admin plane takes over an id that is well formed and makes one otherwise', async () => {
  const ask = async (sent: string) => {
    const [line] = await linesAfter(async () => {
      const answer = await fetchAdmin(`/nowhere?${query}`, { 'X-Request-Id': sent })
      expect(answer.status).toBe(404)
      expect(answer.headers.get('x-request-id')).toBeTruthy()
      returned = answer.headers.get('x-request-id')!
    })
    return line!
  }
  let returned = ''
  expect(await ask('trace-0001')).toMatchObject({
    request_id: 'trace-0001',
    plane: 'admin',
    method: 'GET',
    path: '/nowhere',
    status: 404,
    client: '127.0.0.1',
  })
  expect(returned).toBe('trace-0001')
  for (const odd of ['{"a":1}', 'x y', 'x'.repeat(129), '"']) {
    const { request_id } = await ask(odd)
    expect(request_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/)
    expect(returned).toBe(request_id)
  }
})

test('turned over under load, every request has its line and every refused attempt its own', async () => {
  const count = 200
  const failures = () => readAll(failFile()).split('\n').length - 1
  const before = failures()
  const lines = await linesAfter(async () => {
    for (let i = 0; i < count; i += 20)
      await Promise.all(Array.from({ length: 20 }, (_, k) => login(`user ${i + k}@`, 'x')))
  }, count)
  expect(lines).toHaveLength(count)
  expect(new Set(lines.map(line => line.request_id)).size).toBe(count)
  await eventually(() => expect(failures()).toBe(before + count))
  expect(readdirSync(join(folder, 'logs')).length).toBeGreaterThan(15)
})

test('SIGHUP reopens what somebody has moved away, and stops nothing', async () => {
  for (const path of [logFile(), failFile()]) renameSync(path, `${path}.moved`)
  process.kill(gateway.pid, 'SIGHUP')
  const current = () => readdirSync(join(folder, 'logs')).filter(name => /\.log$/.test(name))
  await eventually(() => expect(current()).toEqual(['app.log', 'auth-fail.log']))
  await linesAfter(() => login('nobody@', 'x'))
  await eventually(() => expect(readFileSync(failFile(), 'utf8')).toContain('nobody@'))
})

test('nothing secret stands in either, and nothing goes to standard output', () => {
  const text = readAll(logFile()) + readAll(failFile())
  for (const each of [joe.password, secret, query]) expect(text).not.toContain(each)
  expect(gateway.output()).not.toContain('"msg"')
})

test('health checks are there at level debug, and no request at level warn', async () => {
  const restart = async (level: string) => {
    await gateway.stop()
    const { ports, folder } = gateway
    gateway = await startGateway(folder, { ports, settings: { ...settings(), MAILGATEWAY_LOG_LEVEL: level } })
  }
  expect(readRequests().filter(({ path }) => path === '/readyz')).toEqual([])
  await restart('debug')
  await fetchAdmin('/healthz')
  const isHealthCheck = { level: 20, plane: 'admin', path: '/healthz', status: 200 }
  await eventually(() => expect(readRequests()).toContainEqual(expect.objectContaining(isHealthCheck)))
  await restart('warn')
  const before = readRequests().length
  await login()
  await fetchAdmin('/nowhere')
  await gateway.stop()
  expect(readRequests()).toHaveLength(before)
})
