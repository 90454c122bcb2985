/** The admin listener with a certificate, from start to renewal, in a whole gateway. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { askTls } from './ask-tls.ts'
import { makeCertificate } from './certificate.ts'
import { type Gateway, runCommand, startGateway } from './gateway.ts'
import { rememberSecret } from './leaks.ts'

vi.setConfig({ testTimeout: 120_000 })

const password = 'a long password of the first'
let folder: string
let gateway: Gateway
let files: { certificate: string; key: string }

const make = (name: string) => {
  mkdirSync(join(folder, name))
  return makeCertificate(join(folder, name))
}
const settingsOf = ({ certificate, key }: typeof files) => ({
  MAILGATEWAY_SERVER_TLS_CERT: certificate,
  MAILGATEWAY_SERVER_TLS_KEY: key,
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-https-'))
  rememberSecret(password)
  files = make('first')
  gateway = await startGateway(join(folder, 'gateway'), {
    settings: { ...settingsOf(files), MAILGATEWAY_ADMIN_PASSWORD: password },
  })
})
afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

const ask = (path: string, more?: Parameters<typeof askTls>[3]) =>
  askTls(gateway.ports.admin, files.certificate, path, more)

test('who trusts the certificate signs in: Secure cookie, HSTS, and the other headers', async () => {
  await expect
    .poll(gateway.output, { timeout: 30_000 })
    .toContain(`https://127.0.0.1:${gateway.ports.admin}/`)
  const { status, headers, text } = await ask('/login', {
    method: 'POST',
    body: { username: 'admin', password },
    headers: { Origin: `https://localhost:${gateway.ports.admin}` },
  })
  expect(status).toBe(200)
  const [cookie = ''] = headers['set-cookie'] ?? []
  expect(cookie.split('; ').slice(1)).toEqual(
    expect.arrayContaining(['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/refresh']),
  )
  expect(headers['strict-transport-security']).toBe('max-age=31536000')
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")

  const { access_token } = JSON.parse(text)
  const bearer = { Authorization: `Bearer ${access_token}` }
  expect((await ask('/api/session', { headers: bearer })).status).toBe(200)
  const own = { method: 'POST', body: {}, headers: { Cookie: cookie.split(';')[0]! } }
  expect((await ask('/refresh', own)).status).toBe(200)
})

test('a page of another site, or of this host in plain HTTP on another port, may not use the cookie', async () => {
  for (const origin of ['https://evil.example', 'http://localhost', 'null'])
    expect((await ask('/refresh', { method: 'POST', body: {}, headers: { Origin: origin } })).status).toBe(
      403,
    )
})

test('who does not trust it sees nothing, and plain HTTP is not answered', async () => {
  const other = make('stranger')
  await expect(askTls(gateway.ports.admin, other.certificate, '/healthz')).rejects.toThrow(
    /self-signed|verify/,
  )
  const socket = connect(gateway.ports.admin, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(await text(socket).catch(() => '')).not.toMatch(/^HTTP/)
})

test('a renewed certificate is in use by itself; a half-renewed one is not, and nobody is cut off', async () => {
  const before = await ask('/healthz')
  const next = make('next')
  const old = { certificate: join(folder, 'old.pem'), key: files.key }
  copyFileSync(files.certificate, old.certificate)
  copyFileSync(next.certificate, files.certificate)
  await expect.poll(gateway.output, { timeout: 20_000 }).toContain('the new certificate is no good')
  const meanwhile = await askTls(gateway.ports.admin, old.certificate, '/healthz')
  expect([meanwhile.status, meanwhile.fingerprint]).toEqual([200, before.fingerprint])
  copyFileSync(next.key, files.key)
  await expect.poll(gateway.output, { timeout: 20_000 }).toContain('a new certificate is in use')
  const after = await ask('/healthz')
  expect(after.status).toBe(200)
  expect(after.fingerprint).not.toBe(before.fingerprint)
})

test.each<[string, (good: typeof files, other: typeof files) => Record<string, string>, RegExp]>([
  [
    'the key of another',
    (good, other) => settingsOf({ ...good, key: other.key }),
    /server\.tls_key: .* is not the key of the first certificate/,
  ],
  [
    'no key',
    good => ({ ...settingsOf(good), MAILGATEWAY_SERVER_TLS_KEY: '' }),
    /server\.tls_key: is empty; set it too/,
  ],
  [
    'a missing file',
    good => settingsOf({ ...good, certificate: '/nowhere.pem' }),
    /server\.tls_cert: cannot read "\/nowhere\.pem" \(ENOENT\)/,
  ],
  [
    'rubbish',
    good => {
      const rubbish = join(folder, 'rubbish.pem')
      writeFileSync(rubbish, 'rubbish')
      return settingsOf({ ...good, key: rubbish })
    },
    /server\.tls_key: .* holds no private key in PEM/,
  ],
])('with %s the start is refused in one line', async (name, settings, message) => {
  const data = join(folder, `refused ${name}`)
  const pair = [make(`good ${name}`), make(`other ${name}`)] as const
  const { code, stdout, stderr } = await runCommand({ MAILGATEWAY_DATA_DIR: data, ...settings(...pair) }, [
    'start',
  ])
  expect(stderr).toMatch(/^mailgateway: [^\n]+\n$/)
  expect(stderr).toMatch(message)
  expect([code, stdout]).toEqual([1, ''])
})
