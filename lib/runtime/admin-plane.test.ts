import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { get } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TLSSocket, type Server as TlsServer, connect as tlsConnect } from 'node:tls'
import { Hono } from 'hono'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RawAnswer, sendRaw } from '../../infra/e2e/ask.ts'
import { makeCertificate } from '../../infra/e2e/certificate.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { problemSchema } from '../http/problem.ts'
import { createAdminPlane } from './admin-plane.ts'
import { type CertificateFiles, readCertificate, watchCertificate } from './certificate.ts'
import { ConfigError } from './config-error.ts'
import { closeGracefully, listen } from './listen.ts'

const log = pino({ level: 'silent' })
const none = { tls_cert: '', tls_key: '' }
const closing: (() => unknown)[] = []
let folder: string
/** Requests that have reached an app. */
let asked: number
beforeEach(() => {
  asked = 0
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-admin-plane-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  rmSync(folder, { recursive: true })
})

async function start(
  files: CertificateFiles = none,
  proxies: string[] = [],
  limits?: Parameters<typeof createAdminPlane>[0]['limits'],
): Promise<{ port: number; server: Server }> {
  const app = new Hono()
    .use(async (_c, next) => {
      asked += 1
      await next()
    })
    .get('/', c => c.text(c.req.url.split(':')[0]!))
    // One that is cut off has no more text.
    .post('/', async c => c.text(String((await c.req.text().catch(() => '')).length)))
    .get(
      '/begun',
      () => new Response(new ReadableStream({ start: control => control.enqueue(Buffer.from('first')) })),
    )
  const server = createAdminPlane({ app, certificate: readCertificate(files), proxies, log, limits })
  const port = await chooseFreePort()
  await listen(server, { host: '127.0.0.1', port, setting: 'server' })
  closing.push(() => closeGracefully(server, 0))
  return { port, server }
}

function makeFiles(name: string): CertificateFiles {
  mkdirSync(join(folder, name))
  const { certificate, key } = makeCertificate(join(folder, name))
  return { tls_cert: certificate, tls_key: key }
}

const readProblem = ({ text }: RawAnswer) => problemSchema.parse(JSON.parse(text.split('\r\n\r\n')[1] ?? ''))

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400, 'bad_request'],
  [
    'a header without end',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'header_too_large',
  ],
  ['an impossible Host', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
  ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
  ['an impossible URL', 'GET http:// HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
    'bad_request',
  ],
  ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: joy\r\n\r\n', 417, 'expectation_failed'],
  ['a proxy wanted', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'method_not_allowed'],
])('%s is answered with a problem', async (_case, request, status, code) => {
  const { port } = await start()
  const answer = await sendRaw(port, request)
  expect(answer.headers['content-type']).toBe('application/problem+json')
  expect(readProblem(answer)).toMatchObject({ status, code, request_id: answer.headers['x-request-id'] })
  expect(answer.statusLine).toContain(` ${status} `)
})

test.each([
  ['was silent is closed without a word', '', /^$/],
  ['was slow is told so', 'GET / HTTP/1.1\r\n', /^HTTP\/1\.1 408 /],
])(
  'who %s; what comes then is not looked at, as a browser says it again elsewhere',
  async (_case, begin, told) => {
    const { port } = await start(none, [], { headersTimeout: 200, connectionsCheckingInterval: 20 })
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
    socket.write(begin)
    expect(await text(socket)).toMatch(told)
    socket.write(`${begin === '' ? 'GET / HTTP/1.1\r\n' : ''}Host: a\r\n\r\n`)
    await sleep(200)
    socket.destroy()
    expect(asked).toBe(0)
  },
)

test('a head may take ten seconds, a whole request a minute', async () => {
  const { server } = await start()
  expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 60_000])
})

test.each([
  ['a head', 'POST / HTTP/1.1\r\n', 'X-A: b\r\n'],
  ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n', ' '],
  ['a chunked body', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\n \r\n'],
])('%s that comes byte by byte is cut, with a word why', async (_case, begin, drop) => {
  const limits = { headersTimeout: 500, requestTimeout: 1_000, connectionsCheckingInterval: 50 }
  const { port } = await start(none, [], limits)
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.write(begin)
  const timer = setInterval(() => socket.writable && socket.write(drop), 20)
  const said = await text(socket)
  clearInterval(timer)
  expect(said).toMatch(/^HTTP\/1\.1 408 /)
  expect(said).toContain('"code":"request_timeout"')
})

test('rubbish behind the head of an answer ends it, and is not answered inside it', async () => {
  const { port } = await start()
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /begun HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  socket.write('rubbish\r\n\r\n')
  expect(await text(socket)).not.toContain('HTTP/1.1')
})

test('HTTPS with what is configured, TLS 1.2 at least', async () => {
  const { port } = await start(makeFiles('a'))
  const request = get({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const [response] = await once(request, 'response')
  expect(await text(response)).toBe('https')
  const old = tlsConnect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
  })
  const [error] = await once(old, 'error')
  expect(error.code).toMatch(/^ERR_SSL|ECONNRESET/)
})

/** Of the certificate that is shown. */
async function fingerprint(port: number): Promise<string> {
  const socket: TLSSocket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const found = socket.getPeerCertificate().fingerprint256
  socket.destroy()
  return found
}

test('renewed files are taken into use, bad ones are not', async () => {
  const [files, others] = [makeFiles('a'), makeFiles('b')]
  const { port, server } = await start(files)
  closing.push(watchCertificate(server as Server & TlsServer, files, log))
  const first = await fingerprint(port)
  writeFileSync(files.tls_cert, 'rubbish')
  copyFileSync(others.tls_key, files.tls_key)
  expect(await fingerprint(port)).toBe(first)
  copyFileSync(others.tls_cert, files.tls_cert)
  while ((await fingerprint(port)) === first) await sleep(50)
})

test('files that are no good are one line at the start', () => {
  const [good, other] = [makeFiles('a'), makeFiles('b')]
  const rubbish = join(folder, 'rubbish')
  writeFileSync(rubbish, 'rubbish')
  const refusal = (files: CertificateFiles) => {
    try {
      readCertificate(files)
    } catch (error) {
      if (error instanceof ConfigError) return error.message
      throw error
    }
  }
  expect(refusal(good)).toBeUndefined()
  expect(refusal({ ...good, tls_key: '' })).toBe(
    'server.tls_key: is empty; set it too, or clear server.tls_cert',
  )
  expect(refusal({ ...good, tls_cert: '' })).toBe(
    'server.tls_cert: is empty; set it too, or clear server.tls_key',
  )
  expect(refusal({ ...good, tls_cert: '/nowhere' })).toBe(
    'server.tls_cert: cannot read "/nowhere" (ENOENT); name a file in PEM',
  )
  expect(refusal({ ...good, tls_cert: rubbish })).toMatch(
    /^server\.tls_cert: .* holds no certificate in PEM$/,
  )
  expect(refusal({ ...good, tls_key: rubbish })).toMatch(/^server\.tls_key: .* holds no private key in PEM/)
  expect(refusal({ ...good, tls_key: other.tls_key })).toMatch(/is not the key of the first certificate/)
})

test.each([
  ['HTTP', false],
  ['HTTPS', true],
])(
  'over %s it ends within the grace: silent and half-open connections, and answers that go on',
  async (_case, tls) => {
    const { port, server } = await start(tls ? makeFiles('a') : none)
    const open = () =>
      tls ? tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(port, '127.0.0.1')
    const [silent, half, begun] = [open(), connect(port, '127.0.0.1'), open()]
    const ends = [silent, half, begun].map(socket =>
      once(
        socket.on('error', () => {}),
        'close',
      ),
    )
    await once(silent, tls ? 'secureConnect' : 'connect')
    begun.write('GET /begun HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(begun, 'data')
    await closeGracefully(server, 500)
    await Promise.all(ends)
  },
)

test('one address has a share of the connections, a proxy as many as it wants, and each comes back with its end', async () => {
  const { port } = await start(none, ['127.0.0.2/32'])
  const openFrom = async (localAddress: string, count: number) => {
    const sockets = Array.from({ length: count }, () => connect({ port, host: '127.0.0.1', localAddress }))
    for (const socket of sockets) socket.on('error', () => {})
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    return sockets
  }
  /** Half-open, until closed. */
  const hold = async (localAddress: string, count: number) => {
    const sockets = await openFrom(localAddress, count)
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: a\r\n')
    return sockets
  }
  const answered = async (localAddress: string) => {
    const [socket] = await openFrom(localAddress, 1)
    socket!.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
    return (await text(socket!).catch(() => '')).startsWith('HTTP/1.1 200')
  }
  const held = await hold('127.0.0.1', 150)
  await expect.poll(() => held.filter(({ closed }) => closed).length).toBe(50)
  expect(await answered('127.0.0.1')).toBe(false)
  expect(await answered('127.0.0.3')).toBe(true)
  const proxied = await hold('127.0.0.2', 150)
  expect(await answered('127.0.0.2')).toBe(true)
  expect(proxied.filter(({ closed }) => closed)).toEqual([])
  for (const socket of [...held, ...proxied]) socket.destroy()
  await expect.poll(() => answered('127.0.0.1')).toBe(true)
})
