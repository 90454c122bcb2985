/** Every request of nginx's protocol, and what an attacker makes of it, against the running adapter over raw sockets. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, escapeAsNginx, type Line, nginxLines, type RawAnswer, sendRaw, writeRequest } from './ask.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { rememberName } from './leaks.ts'

const user = 'joe@example.com'
const password = 'pässwörd 100%+"\\'
const folder = mkdtempSync(join(tmpdir(), 'mailgateway-wire-'))
let gateway: Gateway
let greeters: Greeters

beforeAll(async () => {
  greeters = await startGreeters()
  // Guessing has tests of its own; here each wrong password shall get the answer of one.
  gateway = await startGateway(folder, {
    settings: {
      MAILGATEWAY_AUTH_MAX_FAIL_ATTEMPTS: '1000',
      MAILGATEWAY_GUESSING_ADDRESS_LIMIT: '10000',
      MAILGATEWAY_GUESSING_NETWORK_LIMIT: '10000',
      MAILGATEWAY_GUESSING_SPRAYING_LIMIT: '10000',
    },
  })
  await gateway.addBackends(greeters.ports)
  await gateway.do('user add', { name: 'Joe@Example.com', password })
})
afterAll(async () => {
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

const port = () => gateway.ports.nginx
const joe = { user, password }

/** What every answer must keep to, whatever was asked (see the nginx source: A:325, A:691, A:968). */
function expectLawful({ text, statusLine, headers }: RawAnswer) {
  expect(statusLine).toMatch(/^HTTP\/1\.[01] \d{3} /)
  expect(text.endsWith('\r\n\r\n')).toBe(true)
  expect(text.length).toBeLessThanOrEqual(1024)
  expect(Object.keys(headers).filter(name => !/^[a-z0-9][a-z0-9-]*$/.test(name))).toEqual([])
  expect(headers['auth-status']).toMatch(/^[ -~]+$/)
  const ok = headers['auth-status'] === 'OK'
  expect([headers['auth-server'] !== undefined, headers['auth-port'] !== undefined]).toEqual([ok, ok])
  expect(headers['auth-status']).not.toBe('WAIT')
  if (headers['auth-wait'] !== undefined) expect(headers['auth-wait']).toMatch(/^[1-5]$/)
  if (headers['auth-error-code'] !== undefined)
    expect(headers['auth-error-code']).toMatch(/^[45]\d\d [45]\.\d\.\d+$/)
}

const refused = {
  imap: { 'auth-status': '[AUTHENTICATIONFAILED] Invalid user name or password' },
  pop3: { 'auth-status': '[AUTH] Invalid user name or password' },
  smtp: { 'auth-status': 'Invalid user name or password', 'auth-error-code': '535 5.7.8' },
  unknown: { 'auth-status': 'Invalid user name or password', 'auth-error-code': '535 5.7.8' },
}

describe('accepted', () => {
  test.each(['imap', 'pop3', 'smtp'] as const)('%s', async protocol => {
    const answer = await ask(port(), nginxLines({ ...joe, protocol }))
    expectLawful(answer)
    expect(answer.headers).toMatchObject({
      'auth-status': 'OK',
      'auth-server': '127.0.0.1',
      'auth-port': `${greeters.ports[protocol]}`,
      'auth-user': 'Joe@Example.com',
    })
    expect(answer.headers).not.toHaveProperty('auth-pass')
  })

  test.each([
    ['other letter case', nginxLines({ ...joe, user: 'JOE@EXAMPLE.COM' })],
    [
      'TLS and a client certificate',
      nginxLines(joe, {
        'Auth-SSL': 'on',
        'Auth-SSL-Protocol': 'TLSv1.3',
        'Auth-SSL-Cipher': 'TLS_AES_256_GCM_SHA384',
        'Auth-SSL-Verify': 'SUCCESS',
        'Auth-SSL-Subject': 'CN=joe',
        'Auth-SSL-Cert': escapeAsNginx(`-----BEGIN\n${'A'.repeat(20_000)}`),
      }),
    ],
    ['IPv6', nginxLines(joe, { 'Client-IP': '2001:db8::7' })],
    ['a unix listener', nginxLines(joe, { 'Client-IP': 'unix:' })],
    [
      'the PROXY protocol',
      nginxLines(joe, { 'Proxy-Protocol-Addr': '192.0.2.9', 'Proxy-Protocol-Port': '5' }),
    ],
    ['SMTP with a host name', nginxLines({ ...joe, protocol: 'smtp' }, { 'Client-Host': '[UNAVAILABLE]' })],
    [
      'headers that nginx adds by auth_http_header',
      nginxLines(joe, { 'User-Agent': 'Nginx', 'X-Anything': 'é\x01'.slice(0, 1) }),
    ],
    [
      'lower-case escapes',
      nginxLines(joe, { 'Auth-Pass': escapeAsNginx(password).replace(/%../g, e => e.toLowerCase()) }),
    ],
    ['the hundredth attempt', nginxLines({ ...joe, attempt: 100 })],
  ])('%s', async (_, lines) => {
    const answer = await ask(port(), lines)
    expectLawful(answer)
    expect(answer.headers['auth-status']).toBe('OK')
  })

  test('POST with a body, HTTP/1.1, an odd or no Host', async () => {
    const request = writeRequest(nginxLines(joe))
    for (const variant of [
      request.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\nhi'),
      request.replace('HTTP/1.0', 'HTTP/1.1').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
      request.replace('Host: 127.0.0.1', 'Host: [[['),
      request.replace('Host: 127.0.0.1', 'Host: '),
      request.replace('HTTP/1.0', 'HTTP/1.1').replace('Host: 127.0.0.1', 'Connection: close'),
      request.replace('Host: 127.0.0.1', 'Expect: 100-continue'),
      request
        .replace('HTTP/1.0', 'HTTP/1.1')
        .replace('Host: 127.0.0.1', 'Connection: close\r\nExpect: 100-continue'),
      request.replace('HTTP/1.0', 'HTTP/1.1').replace('Host: 127.0.0.1', 'Connection: close\r\nExpect: tea'),
      request.replace('Host: 127.0.0.1\r\n', ''),
      request.replace('/api/auth', '/api/auth?server=mx1'),
    ]) {
      const answer = await sendRaw(port(), variant)
      expectLawful(answer)
      expect(answer.headers['auth-status']).toBe('OK')
    }
  })
})

describe('refused', () => {
  const pass = (value: string) => nginxLines(joe, { 'Auth-Pass': value })
  const name = (value: string) => nginxLines(joe, { 'Auth-User': value })
  const right = escapeAsNginx(password)

  test.each<[string, Line[]]>([
    ['wrong password', pass('wrong')],
    ['unknown user', name('nobody@example.com')],
    ['empty password', pass('')],
    ['empty user', name('')],
    ['both empty', nginxLines(joe, { 'Auth-User': '', 'Auth-Pass': '' })],
    ['escaped twice', pass(right.replaceAll('%', '%25'))],
    ['plus for space', pass(right.replace('%20', '+'))],
    ['UTF-8 escaped as well', name('j%C3%B6e@example.com')],
    ['CRLF in the password', pass(`${right}%0D%0A`)],
    ['CRLF in the user', name(`${user}%0D%0AINJECTED`)],
    ['NUL in the password', pass(`${right}%00`)],
    ['NUL in the user', name(`${user}%00`)],
    ['TAB', pass(`${right}%09`)],
    ['escaped DEL', pass(`${right}%7F`)],
    ['half an escape', pass(`${right}%`)],
    ['no escape', pass('%zz')],
    ['invalid UTF-8', pass('p\xe4ssw\xf6rd 100%25+"\\')],
    ['overlong UTF-8', name('joe\xc0\xafexample.com')],
    ['a trailing space', name('joe@example.com%20')],
    ['a leading space', name('%20joe@example.com')],
    ['an umlaut for a vowel', name('j\xc3\xb6e@example.com')],
    ['punycode of something else', name('joe@xn--exmple-cua.com')],
    ['a name of 4 KB', name(`${'a'.repeat(4096)}@example.com`)],
    ['a password of 4 KB', pass('a'.repeat(4096))],
    ['73 bytes of which 72 may be right', pass('a'.repeat(73))],
    ['user doubled', [...nginxLines(joe), ['Auth-User', user]]],
    ['password doubled', [['Auth-Pass', 'wrong'], ...nginxLines(joe)]],
    ['password doubled in other letter case', [['AUTH-PASS', right], ...nginxLines(joe)]],
    ['method doubled', [...nginxLines(joe), ['Auth-Method', 'plain']]],
    ['address doubled', [...nginxLines(joe), ['Client-IP', '192.0.2.8']]],
    [
      'PROXY header doubled',
      [...nginxLines(joe), ['Proxy-Protocol-Addr', '::1'], ['Proxy-Protocol-Addr', '::1']],
    ],
    ['a smuggled host name', [...nginxLines(joe), ['Client-Host', 'a'], ['Client-Host', 'b']]],
    ...['Auth-Method', 'Auth-User', 'Auth-Pass', 'Auth-Login-Attempt', 'Client-IP'].map(
      missing => [`${missing} missing`, nginxLines(joe, { [missing]: undefined })] satisfies [string, Line[]],
    ),
    ['an empty method', nginxLines(joe, { 'Auth-Method': '' })],
    ['a method of odd bytes', nginxLines(joe, { 'Auth-Method': 'pla\xefn' })],
    ['attempt 0', nginxLines(joe, { 'Auth-Login-Attempt': '0' })],
    ['attempt -1', nginxLines(joe, { 'Auth-Login-Attempt': '-1' })],
    ['attempt abc', nginxLines(joe, { 'Auth-Login-Attempt': 'abc' })],
    ['a huge attempt', nginxLines(joe, { 'Auth-Login-Attempt': '9'.repeat(40) })],
    ['a short address', nginxLines(joe, { 'Client-IP': '127.1' })],
    ['an address list', nginxLines(joe, { 'Client-IP': '192.0.2.7, 192.0.2.8' })],
    ['no address', nginxLines(joe, { 'Client-IP': 'localhost' })],
  ])('%s', async (_, lines) => {
    const answer = await ask(port(), lines)
    expectLawful(answer)
    expect(answer.headers).toMatchObject(refused.imap)
  })

  test.each<[string, Line[]]>([
    ['no protocol', nginxLines(joe, { 'Auth-Protocol': undefined })],
    ['an unknown protocol', nginxLines({ ...joe, protocol: 'xmpp' })],
    ['a protocol in capitals', nginxLines({ ...joe, protocol: 'IMAP' })],
    ['the protocol doubled', [['Auth-Protocol', 'xmpp'], ...nginxLines({ ...joe, protocol: 'imaps' })]],
    ['nothing at all', []],
  ])('%s', async (_, lines) => {
    const answer = await ask(port(), lines)
    expectLawful(answer)
    expect(answer.headers).toMatchObject(refused.unknown)
  })

  test.each(['imap', 'pop3', 'smtp'] as const)(
    'a raw DEL, which the parser refuses, on %s',
    async protocol => {
      for (const lines of [
        nginxLines({ ...joe, protocol }, { 'Auth-Pass': `${right}\x7f` }),
        nginxLines({ ...joe, protocol }, { 'Auth-User': `${user}\x7f` }),
        [...nginxLines({ ...joe, protocol }), ['X-Odd', '\x00'] as const],
      ]) {
        const answer = await ask(port(), lines)
        expectLawful(answer)
        expect(answer.headers).toMatchObject(refused[protocol])
      }
    },
  )

  test('headers over the size that any nginx sends', async () => {
    const answer = await ask(port(), [...nginxLines(joe), ['Auth-SSL-Cert', 'A'.repeat(200_000)]])
    expectLawful(answer)
    expect(answer.headers['auth-status']).not.toBe('OK')
  })
})

describe('methods that are not offered', () => {
  test.each(['apop', 'cram-md5', 'external', 'xoauth2', 'oauthbearer', 'anything'])('%s', async method => {
    const answers = await Promise.all(
      (['imap', 'pop3', 'smtp'] as const).map(protocol =>
        ask(port(), nginxLines({ ...joe, protocol }, { 'Auth-Method': method, 'Auth-Salt': '<1.2@mx>' })),
      ),
    )
    for (const answer of answers) expectLawful(answer)
    const text = 'This authentication method is not offered, use PLAIN or LOGIN'
    expect(answers.map(({ headers }) => headers['auth-status'])).toEqual([
      `[CANNOT] ${text}`,
      `[AUTH] ${text}`,
      text,
    ])
    expect(answers[2]!.headers['auth-error-code']).toBe('504 5.5.4')
  })

  test('none, with the name and password of an attempt that failed before', async () => {
    const lines = nginxLines(
      { ...joe, protocol: 'smtp' },
      {
        'Auth-Method': 'none',
        'Auth-SMTP-Helo': 'a',
        'Auth-SMTP-From': 'MAIL FROM:<a@b> SIZE=5',
        'Auth-SMTP-To': 'RCPT TO:<d@e>',
      },
    )
    const answer = await ask(port(), lines)
    expectLawful(answer)
    expect(answer.headers).toMatchObject({
      'auth-status': 'Authentication required',
      'auth-error-code': '530 5.7.0',
      'auth-user': '',
    })
    const control = await ask(port(), [...lines.slice(0, -1), ['Auth-SMTP-To', 'RCPT TO:<\x01>']])
    expectLawful(control)
    expect(control.headers['auth-status']).not.toBe('OK')
  })
})

test('Auth-Wait rises from 1 to 5 and ends after the tenth attempt', async () => {
  const waits = await Promise.all(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map(async attempt => {
      const { headers } = await ask(port(), nginxLines({ user, password: 'wrong', attempt }))
      return headers['auth-wait']
    }),
  )
  expect(waits).toEqual(['1', '1', '2', '2', '3', '3', '4', '4', '5', '5', undefined, undefined])
})

test('what is no request of nginx gets an explicit refusal', async () => {
  for (const request of [
    'GET / HTTP/1.0\r\n\r\n',
    'GET /api/auth/ HTTP/1.0\r\n\r\n',
    'GET //[ HTTP/1.0\r\n\r\n',
    'DELETE /api/auth HTTP/1.0\r\n\r\n',
    'OPTIONS * HTTP/1.0\r\n\r\n',
    'GET http://[/ HTTP/1.0\r\n\r\n',
    'GET /api/auth HTTP/1.0\r\nHost\r\n\r\n',
    'GET /api/auth\r\n\r\n',
    'garbage\r\n\r\n',
    '\r\n\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
    `GET /${'a'.repeat(100_000)} HTTP/1.0\r\n\r\n`,
  ]) {
    const answer = await sendRaw(port(), request)
    expectLawful(answer)
    expect(answer.headers['auth-status']).not.toBe('OK')
  }
})

test('half a request ends with an explicit answer', { timeout: 20_000 }, async () => {
  const answer = await sendRaw(port(), writeRequest(nginxLines(joe)).slice(0, -2))
  expectLawful(answer)
  expect(answer.headers['auth-status']).not.toBe('OK')
})

test('whatever bytes the headers hold: an explicit answer, and OK for the right password only', async () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map(part =>
    Buffer.from(part)
      .toString('latin1')
      .replace(/[\r\n]/g, '?'),
  )
  const right = escapeAsNginx(password)
  // It comes as the name too, and names are logged.
  rememberName(password)
  const value = fc.oneof(bytes, fc.constantFrom(user, right, 'plain', 'imap', '1', '192.0.2.7', ''))
  const names = ['Auth-Method', 'Auth-User', 'Auth-Pass', 'Auth-Protocol', 'Auth-Login-Attempt', 'Client-IP']
  const name = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names, 'Auth-SSL', 'Host') },
    { weight: 1, arbitrary: bytes },
  )
  const changes = fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(changes, fc.boolean(), async (changes, add) => {
      const changed = new Map<string, string>(changes)
      const lines = add
        ? [...nginxLines(joe), ...changes]
        : nginxLines(joe).map(([n, v]) => [n, changed.get(n) ?? v] as const)
      const answer = await ask(port(), lines)
      expectLawful(answer)
      if (answer.headers['auth-status'] !== 'OK') return
      const sent = lines.filter(([n]) => n.toLowerCase() === 'auth-pass').map(([, v]) => v.trim())
      expect(sent).toEqual([right])
    }),
    { numRuns: 400 },
  )
})

test('every attempt has its row, with control bytes made visible', async () => {
  await ask(port(), nginxLines(joe, { 'Auth-User': 'evil%0D%0Aauth ok', 'Client-IP': '192.0.2.99' }))
  await ask(port(), nginxLines(joe, { 'Auth-Pass': 'a\x7f', 'Client-IP': '192.0.2.98' }))
  const { items } = await gateway.do('log search', { limit: 2 })
  expect(items).toMatchObject([
    { user, client_address: '192.0.2.98', reason: 'bad_bytes', result: 'failed' },
    { client_address: '192.0.2.99', reason: 'bad_bytes', result: 'failed' },
  ])
})
