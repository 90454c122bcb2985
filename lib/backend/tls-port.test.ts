import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { checkBackend } from './probe.ts'
import { listen, startGreeter } from './test-servers.ts'
import { speaksTls } from './tls-port.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-tls-'))
let identity: { key: Buffer; cert: Buffer }

beforeAll(() => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=backend']
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert], { stdio: 'pipe' })
  identity = { key: readFileSync(key), cert: readFileSync(cert) }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A TLS server for the time of `work`; it must not hear a byte from the client beyond the handshake. */
async function withTls(options: TlsOptions, work: (port: number) => Promise<void>): Promise<void> {
  let heard = ''
  const server = createTlsServer({ ...identity, ...options }, socket => {
    socket.on('data', chunk => {
      heard += chunk
    })
    socket.on('error', () => socket.destroy())
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  await work(await listen(server))
  server.close()
  expect(heard).toBe('')
}

const ask = (port: number) => speaksTls({ address: '127.0.0.1', port }, 500)

test('a TLS port is one whatever it wants from a client', async () => {
  await withTls({}, async port => expect(await ask(port)).toBe(true))
  await withTls({ maxVersion: 'TLSv1.2' }, async port => expect(await ask(port)).toBe(true))
  const picky: TlsOptions = { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' }
  await withTls(picky, async port => expect(await ask(port)).toBe(true))
  const nameless: TlsOptions = { SNICallback: (_name, done) => done(new Error('unknown')) }
  await withTls(nameless, async port => expect(await ask(port)).toBe(true))
})

test('a greeting, silence, a closed port, one that hangs up: no TLS', async () => {
  for (const greeting of ['* OK ready\r\n', '220 ready\r\n', null]) {
    const greeter = await startGreeter(greeting)
    expect(await ask(greeter.port)).toBe(false)
    await greeter.stop()
  }
  expect(await ask(await chooseFreePort())).toBe(false)
  const rude = createServer(socket => socket.destroy())
  expect(await ask(await listen(rude))).toBe(false)
  rude.close()
})

test('the check of a backend says which port to use instead', async () => {
  const settings = { check_timeout: 500, dns_servers: [] }
  await withTls({}, async port => {
    const { checks } = await checkBackend({ protocol: 'smtp', host: '127.0.0.1', port }, settings, Date.now)
    const error = expect.stringMatching(/^this is a TLS port; .* plain text to backends: use 587$/)
    expect(checks).toEqual([{ address: '127.0.0.1', outcome: { kind: 'failed', error } }])
  })
})
