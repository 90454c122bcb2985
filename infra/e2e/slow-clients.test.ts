/** Clients of the admin listener that never end what they begin: they are cut, and no login notices them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ask, nginxLines } from './ask.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { startGreeters } from './greeter.ts'
import { answers } from './guarded.ts'

// The slowest may take a minute, and some.
vi.setConfig({ testTimeout: 180_000 })

const joe = { user: 'joe@example.com', password: 'correct horse battery' }
let folder: string
let gateway: Gateway
let greeters: Awaited<ReturnType<typeof startGreeters>>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-slow-'))
  greeters = await startGreeters()
  gateway = await startGateway(folder)
  await gateway.addBackends(greeters.ports)
  await gateway.do('user add', { name: joe.user, password: joe.password })
})
afterAll(async () => {
  await gateway?.stop()
  await greeters?.close()
  rmSync(folder, { recursive: true })
})

const head = (path: string, ...more: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: a', 'Content-Type: application/json', ...more, '', ''].join('\r\n')
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

interface Talk {
  socket: Socket
  /** All that came, once the gateway has closed. */
  ended: Promise<string>
  /** What has come so far. */
  said(): string
}

function talk(): Talk {
  const socket = connect(gateway.ports.admin, '127.0.0.1').setEncoding('latin1')
  let said = ''
  socket.on('data', (text: string) => {
    said += text
  })
  // A reset is one way to be cut, and its end comes all the same.
  socket.on('error', () => {})
  const { promise: ended, resolve } = Promise.withResolvers<string>()
  socket.on('close', () => resolve(said))
  return { socket, ended, said: () => said }
}

test('a head that comes byte by byte is cut, with a word why', async () => {
  const { socket, ended } = talk()
  socket.write('POST /login HTTP/1.1\r\n')
  const timer = setInterval(() => socket.writable && socket.write('X-A: b\r\n'), 500)
  const said = await ended
  clearInterval(timer)
  expect(said).toMatch(/^HTTP\/1\.1 408 /)
  expect(said).toContain('"code":"request_timeout"')
})

test.each([
  ['sign-in', '/login'],
  ['an operation that needs a token', '/api/users'],
  ['an import', '/api/users/import'],
])('a chunked body without end is refused while it comes: %s', async (_case, path) => {
  const { socket, ended, said } = talk()
  socket.write(head(path, 'Transfer-Encoding: chunked'))
  const part = ' '.repeat(16 * 1024)
  while (said() === '' && !socket.closed) {
    socket.write(chunk(part))
    await sleep(1)
  }
  expect(said()).toMatch(/^HTTP\/1\.1 413 /)
  expect(said()).toContain('"code":"too_large"')
  // Nobody reads what still comes, for ever.
  const timer = setInterval(() => socket.writable && socket.write(chunk(part)), 20)
  await ended
  clearInterval(timer)
})

const login = async () => (await ask(gateway.ports.nginx, nginxLines(joe))).headers['auth-status']

test('thousands of half-open connections hinder no login, and the console comes back when they are gone', async () => {
  expect(await login()).toBe(answers.ok)
  // As many as a system with a tight limit gives, and fewer than there are clients.
  execFileSync('prlimit', ['--pid', String(gateway.pid), '--nofile=1000'])
  const sockets = Array.from({ length: 2_000 }, () => talk().socket)
  for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nX-A: ')
  const connected = () => sockets.filter(({ readyState }) => readyState === 'opening').length
  await expect.poll(connected, { timeout: 30_000 }).toBe(0)
  for (let i = 0; i < 20; i++) expect(await login()).toBe(answers.ok)
  for (const socket of sockets) socket.destroy()
  const health = () =>
    fetch(`http://127.0.0.1:${gateway.ports.admin}/healthz`).then(
      ({ status }) => status,
      () => 0,
    )
  await expect.poll(health, { timeout: 30_000 }).toBe(200)
})
