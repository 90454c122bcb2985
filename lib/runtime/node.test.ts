import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, get, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Hono } from 'hono'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, sendRaw } from '../../infra/e2e/ask.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { ConfigError } from './config-error.ts'
import { closeGracefully, listen } from './listen.ts'
import { createNginxPlane } from './node.ts'

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
const loopback = (port: number) => ({ host: '127.0.0.1', port, setting: 'auth_server' })
const unix = (path: string) => ({ host: `unix:${path}`, port: 0, setting: 'auth_server' })
const hello = [['Auth-Method', 'plain']] as const
const fallback = { 'Auth-Status': 'later' }

test('a port in use is one line that names the setting', async () => {
  const port = await chooseFreePort()
  await listen(answering('first'), loopback(port))
  const refused = await listen(answering('second'), loopback(port)).catch(error => error)
  expect(refused).toBeInstanceOf(ConfigError)
  expect(refused.message).toBe(
    `auth_server: cannot listen on 127.0.0.1:${port} (EADDRINUSE); free it or choose another`,
  )
  expect((await ask(port, hello)).text).toMatch(/first$/)
})

/** What a killed process leaves: a socket's file with nobody behind it. */
async function leaveSocket(path: string): Promise<void> {
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', program]), 'exit')
  expect(statSync(path).isSocket()).toBe(true)
}

test('a socket that a killed process left is replaced, and everyone may connect', async () => {
  const path = join(folder, 'plane.sock')
  await leaveSocket(path)
  await listen(answering('new'), unix(path))
  expect(statSync(path).mode & 0o777).toBe(0o666)
  expect((await ask(path, hello)).text).toMatch(/new$/)
})

test('a socket may be for its owner only', async () => {
  const path = join(folder, 'control.sock')
  await listen(answering('new'), { ...unix(path), mode: 0o600 })
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a socket that somebody answers on stays with them', async () => {
  const path = join(folder, 'plane.sock')
  await listen(answering('first'), unix(path))
  await expect(listen(answering('second'), unix(path))).rejects.toThrow(
    `auth_server: cannot listen on ${path} (EADDRINUSE)`,
  )
  expect((await ask(path, hello)).text).toMatch(/first$/)
})

test('a file that is no socket stays', async () => {
  const path = join(folder, 'precious')
  writeFileSync(path, 'text')
  await expect(listen(answering('x'), unix(path))).rejects.toThrow(
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
  await listen(server, loopback(port))
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
  await listen(server, loopback(port))
  const answer = ask(port, hello)
  await begun.promise
  await closeGracefully(server, 50)
  expect((await answer).text).toBe('')
})

test('closing ends connections that are idle', async () => {
  const port = await chooseFreePort()
  const server = answering('hello')
  await listen(server, loopback(port))
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
      fallback,
      async answerUnparsed(packet) {
        packets.push(packet.toString('latin1'))
        return 'HTTP/1.1 200 OK\r\nAuth-Status: no\r\nConnection: close\r\n\r\n'
      },
    }),
  )
  const port = await chooseFreePort()
  await listen(plane, loopback(port))
  const odd = await sendRaw(port, 'GET /api/auth HTTP/1.0\r\nHost: a b/../%%\r\n\r\n')
  expect(odd.text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\napp$/)
  const packet = 'GET /api/auth HTTP/1.0\r\nAuth-User: a\x7fb\r\n\r\n'
  expect((await sendRaw(port, packet)).headers['auth-status']).toBe('no')
  expect(packets).toEqual([packet])
})

test('a peer that hangs up in the middle of a request does no harm', async () => {
  const app = new Hono().get('/api/auth', c => c.text('app'))
  const plane = keep(
    createNginxPlane({ app, fallback, answerUnparsed: async () => 'HTTP/1.1 200 OK\r\n\r\n' }),
  )
  const port = await chooseFreePort()
  await listen(plane, loopback(port))
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const seen = once(plane, 'clientError')
  socket.write('GET /api/auth HTTP/1.0\r\nAuth-User: a')
  socket.resetAndDestroy()
  await seen
  expect((await ask(port, hello)).text).toMatch(/app$/)
})

test('a connection that stays silent is closed, and was no attempt', async () => {
  let attempts = 0
  const answerUnparsed = async () => {
    attempts += 1
    return 'HTTP/1.1 200 OK\r\n\r\n'
  }
  const server = keep(createNginxPlane({ app: new Hono(), fallback, answerUnparsed }))
  server.headersTimeout = 200
  const port = await chooseFreePort()
  await listen(server, loopback(port))
  expect(await text(connect(port, '127.0.0.1'))).toBe('')
  expect(attempts).toBe(0)
})
