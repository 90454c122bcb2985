import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, get, type Server } from 'node:http'
import { connect, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Hono } from 'hono'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, sendRaw } from '../../infra/e2e/ask.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { ConfigError } from './config-error.ts'
import { closeGracefully, createNginxPlane, listen } from './node.ts'

let folder: string
const open: Server[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-node-'))
})
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
  rmSync(folder, { recursive: true })
})

function keep(server: Server): Server {
  open.push(server)
  return server
}

const answering = (words: string) => keep(createServer((_, response) => response.end(words)))
const hello = [['Auth-Method', 'plain']] as const

test('a port in use is one line that names the setting', async () => {
  const port = await chooseFreePort()
  await listen(answering('first'), '127.0.0.1', port, 'auth_server')
  const refused = await listen(answering('second'), '127.0.0.1', port, 'auth_server').catch(error => error)
  expect(refused).toBeInstanceOf(ConfigError)
  expect(refused.message).toBe(
    `auth_server: cannot listen on 127.0.0.1:${port} (EADDRINUSE); free it or choose another`,
  )
  expect((await ask(port, hello)).text).toMatch(/first$/)
})

test('a socket that an earlier process left is replaced, and everyone may connect', async () => {
  const path = join(folder, 'plane.sock')
  const left = createSocketServer().listen(path)
  await once(left, 'listening')
  // What a killed process leaves: the file, and nobody behind it. `close` alone would take the file along.
  const { dev, ino } = statSync(path)
  await listen(answering('new'), `unix:${path}`, 0, 'auth_server')
  expect(statSync(path)).not.toMatchObject({ dev, ino })
  expect(statSync(path).mode & 0o666).toBe(0o666)
  expect((await ask(path, hello)).text).toMatch(/new$/)
  left.close()
})

test('a file that is no socket stays', async () => {
  const path = join(folder, 'precious')
  writeFileSync(path, 'text')
  await expect(listen(answering('x'), `unix:${path}`, 0, 'auth_server')).rejects.toThrow(
    `auth_server: cannot listen on ${path} (EADDRINUSE)`,
  )
  expect(statSync(path).isFile()).toBe(true)
})

test('closing: what has begun is answered, nobody new gets in', async () => {
  const port = await chooseFreePort()
  const { promise: mayAnswer, resolve: allow } = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const server = keep(
    createServer(async (_, response) => {
      begun.resolve()
      await mayAnswer
      response.end('answered')
    }),
  )
  await listen(server, '127.0.0.1', port, 'server')
  const answer = ask(port, hello)
  await begun.promise
  const closed = closeGracefully(server, 60_000)
  await expect(ask(port, hello)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  allow()
  expect((await answer).text).toMatch(/answered$/)
  await closed
})

test('closing cuts a connection that never ends', async () => {
  const port = await chooseFreePort()
  const begun = Promise.withResolvers<void>()
  const server = keep(createServer(() => begun.resolve()))
  await listen(server, '127.0.0.1', port, 'server')
  const answer = ask(port, hello)
  await begun.promise
  await closeGracefully(server, 50)
  expect((await answer).text).toBe('')
})

test('closing ends connections that are idle', async () => {
  const port = await chooseFreePort()
  const server = answering('hello')
  await listen(server, '127.0.0.1', port, 'server')
  const request = get({ port, host: '127.0.0.1', agent: false, headers: { Connection: 'keep-alive' } })
  const [response] = await once(request, 'response')
  expect(await text(response)).toBe('hello')
  await closeGracefully(server, 60_000)
})

test('the nginx plane: what the parser cannot read goes to its own answer, an odd Host to the app', async () => {
  const app = new Hono().get('/api/auth', c => c.text('app'))
  const packets: string[] = []
  const plane = keep(
    createNginxPlane({
      app,
      async answerUnparsed(packet) {
        packets.push(packet.toString('latin1'))
        return 'HTTP/1.1 200 OK\r\nAuth-Status: no\r\nConnection: close\r\n\r\n'
      },
    }),
  )
  const port = await chooseFreePort()
  await listen(plane, '127.0.0.1', port, 'auth_server')
  const odd = await sendRaw(port, 'GET /api/auth HTTP/1.0\r\nHost: a b/../%%\r\n\r\n')
  expect(odd.text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\napp$/)
  const packet = 'GET /api/auth HTTP/1.0\r\nAuth-User: a\x7fb\r\n\r\n'
  expect((await sendRaw(port, packet)).headers['auth-status']).toBe('no')
  expect(packets).toEqual([packet])
})

test('a peer that hangs up in the middle of a request does no harm', async () => {
  const app = new Hono().get('/api/auth', c => c.text('app'))
  const plane = keep(createNginxPlane({ app, answerUnparsed: async () => 'HTTP/1.1 200 OK\r\n\r\n' }))
  const port = await chooseFreePort()
  await listen(plane, '127.0.0.1', port, 'auth_server')
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const seen = once(plane, 'clientError')
  socket.write('GET /api/auth HTTP/1.0\r\nAuth-User: a')
  socket.resetAndDestroy()
  await seen
  expect((await ask(port, hello)).text).toMatch(/app$/)
})
