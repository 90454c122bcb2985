/**
 * Mail client → nginx → relay → a function's URL → the bundle in instances → MariaDB and Redis → Dovecot; and the same with
 * conf/nginx/relay.conf in the relay's place.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type NameServer, startNameServer } from '../../lib/backend/test-servers.ts'
import { newId } from '../../lib/id.ts'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { verbs } from '../adapter/verbs.ts'
import { buildFunction } from '../build.ts'
import { ask, nginxLines } from './ask.ts'
import { type Authority, makeAuthority } from './certificate.ts'
import { useImap, usePop3, useSmtp } from './clients.ts'
import { openDialogue } from './dialogue.ts'
import { type Dovecot, startDovecot } from './dovecot.ts'
import { type FunctionUrl, startFunctionUrl } from './function-url.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { addBackends, type InProcess, openInProcess } from './in-process.ts'
import { rememberSecret } from './leaks.ts'
import { mapAtOnce } from './mail-user.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { chooseFreePort } from './ports.ts'
import { joe, requests } from './requests.ts'
import { openShared, type Shared } from './shared.ts'
import { type Sink, startSink } from './sink.ts'

vi.setConfig({ testTimeout: 120_000 })

const name = 'function.test'
const secret = newId() + newId()
const oldSecret = newId() + newId()
const people = Array.from({ length: 4 }, (_, i) => ({
  name: `user${i}@example.com`,
  password: `correct horse ${i}`,
}))
const [first] = people as [(typeof people)[number]]
const mailConf = fileURLToPath(new URL('../../conf/nginx/mail.conf', import.meta.url))

const temporary = 'Temporary failure, please try again later'

let folder: string
let shared: Shared
let seed: InProcess
let sink: Sink
let dovecot: Dovecot
let names: NameServer
let authority: Authority
let bundle: string
const closing: (() => unknown)[] = []

const settings = (edge: Record<string, string>) => ({
  ...shared.settings,
  AWS_LAMBDA_FUNCTION_NAME: 'nginx-auth',
  MAILGATEWAY_EDGE_SECRET: `${secret},${oldSecret}`,
  // Everybody comes from one address, and the table of requests is full of wrong passwords.
  MAILGATEWAY_AUTH_MAX_FAIL_ATTEMPTS: '1000',
  MAILGATEWAY_GUESSING_ADDRESS_LIMIT: '10000',
  MAILGATEWAY_GUESSING_NETWORK_LIMIT: '10000',
  MAILGATEWAY_GUESSING_SPRAYING_LIMIT: '10000',
  ...edge,
})

/** @param auth what the function asks for */
async function openFunction(auth: 'secret' | 'hmac', deadline: string): Promise<FunctionUrl> {
  const url = await startFunctionUrl({
    bundle,
    env: settings({ MAILGATEWAY_EDGE_AUTH: auth, MAILGATEWAY_AUTH_DEADLINE: deadline }),
    instances: 2,
    port: await chooseFreePort(),
    files: authority.issue(name),
  })
  closing.push(url.close)
  return url
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mg-relay-'))
  chmodSync(folder, 0o755)
  rememberSecret(secret)
  rememberSecret(oldSecret)
  authority = makeAuthority(folder)
  names = await startNameServer(`127.0.0.1 ${name}`)
  shared = await openShared()
  sink = await startSink()
  dovecot = await startDovecot(join(folder, 'dovecot'), sink.port)
  seed = await openInProcess({ MAILGATEWAY_DATA_DIR: join(folder, 'seed'), ...shared.settings })
  await addBackends(seed.services, dovecot.ports)
  await addMailbox(seed.services, { name: joe.user, password: joe.password })
  for (const person of people) {
    dovecot.addUser(person)
    await addMailbox(seed.services, person)
  }
  bundle = (await buildFunction('nginx-auth', join(folder, 'dist'))).entry
}, 180_000)
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  await seed?.close()
  await dovecot?.stop()
  await sink?.stop()
  await names?.kill()
  rmSync(folder, { recursive: true })
})

const logged = async (where: string) => {
  const [row] = await shared.query(`select count(*) as n from ${databaseName()}.auth_log where ${where}`)
  return Number(row!.n)
}
const databaseName = () => `\`${new URL(shared.settings.DATABASE_URL!).pathname.slice(1)}\``

const own = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([header]) => header.startsWith('auth-')))

describe.each([
  ['the relay', 'hmac'],
  ['conf/nginx/relay.conf', 'secret'],
] as const)('through %s', (way, auth) => {
  let url: FunctionUrl
  let nginx: Nginx
  /** Where nginx's mail module asks. */
  let port: number
  let relay: Gateway | undefined

  beforeAll(async () => {
    url = await openFunction(auth, auth === 'hmac' ? '8s' : '4s')
    const home = join(folder, auth)
    mkdirSync(home)
    if (way === 'the relay') {
      relay = await startGateway(join(home, 'relay'), {
        settings: {
          RELAY_URL: `https://${name}:${url.port}`,
          MAILGATEWAY_EDGE_AUTH: 'hmac',
          MAILGATEWAY_EDGE_SECRET: secret,
          MAILGATEWAY_BACKEND_DNS_SERVERS: names.server,
          NODE_EXTRA_CA_CERTS: authority.file,
        },
      })
      port = relay.ports.nginx
      nginx = await startNginx({ folder: join(home, 'nginx'), file: mailConf, gatewayPort: port })
      const started = relay
      closing.push(() => started.stop())
    } else {
      port = await chooseFreePort()
      nginx = await startNginx({
        folder: join(home, 'nginx'),
        file: mailConf,
        gatewayPort: port,
        relay: { place: `${name}:${url.port}`, secret, nameServer: names.server, authority: authority.file },
      })
    }
    closing.push(() => nginx.stop())
    // Cold instances may take longer than a hop waits.
    await vi.waitFor(async () => expect(await Promise.all([tell(), tell()])).toEqual([ok, ok]), {
      timeout: 60_000,
      interval: 500,
    })
  }, 120_000)
  afterEach(async () => {
    url.setWeather('fair')
  })

  const login = (original: number, { name: user, password } = first) => ({
    port: nginx.ports.get(original)!,
    tls: 'implicit' as const,
    certificate: nginx.certificate,
    user,
    password,
  })

  test('imapflow, node-pop3 and nodemailer log in, and a wrong password is refused', async () => {
    expect(await useImap(login(993))).toMatchObject({ ok: true })
    expect(await usePop3(login(995))).toMatchObject({ ok: true })
    expect(await useSmtp(login(465))).toMatchObject({ ok: true })
    expect(await useImap(login(993, { ...first, password: 'not the password' }))).toEqual({
      ok: false,
      text: expect.stringMatching(/ NO \[AUTHENTICATIONFAILED\] /),
    })
    expect(await logged(`reason = 'ok' and node = 'cloud'`)).toBeGreaterThanOrEqual(3)
  })

  const tellsBytes = ([what, lines]: (typeof requests)[number]) =>
    auth === 'hmac' || (what !== 'invalid UTF-8' && lines.every(([, value]) => /^[ -~]*$/.test(value)))
  test.each(requests.filter(tellsBytes))('%s', async (_, lines, expected) => {
    const answer = await ask(port, lines)
    // nginx's `add_header` makes no empty line; it would matter to an OK only.
    const told = Object.entries(expected).filter(([, value]) => auth === 'hmac' || value !== '')
    expect(own(answer.headers)).toMatchObject(Object.fromEntries(told))
    expect(answer.text.length).toBeLessThanOrEqual(1024)
    expect(Object.keys(answer.headers).filter(each => /amzn|edge/.test(each))).toEqual([])
  })

  /** What nginx is told about a login, and within its `auth_http_timeout`. */
  const tell = async (protocol = 'imap', person = first, more = {}) => {
    const startedAt = performance.now()
    const { headers } = await ask(
      port,
      nginxLines({ user: person.name, password: person.password, protocol }, more),
    )
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    return [headers['auth-status'], headers['auth-error-code'], headers['auth-wait']]
  }
  const ok = ['OK', undefined, undefined]
  const later = {
    imap: [`[UNAVAILABLE] ${temporary}`, undefined, '1'],
    pop3: [`[SYS/TEMP] ${temporary}`, undefined, '1'],
    smtp: [temporary, '454 4.7.0', '1'],
  }
  const tellAll = async () => {
    const [imap, pop3, smtp] = await Promise.all(['imap', 'pop3', 'smtp'].map(protocol => tell(protocol)))
    return { imap, pop3, smtp }
  }

  test.each([
    ['slow', { lateMs: 20_000 }],
    ['throttled', 'throttled'],
    ['broken', 'broken'],
  ] as const)(
    'a function that is %s: a temporary failure of the protocol, then all is well',
    async (_, weather) => {
      url.setWeather(weather)
      expect(await tellAll()).toEqual(later)
      await using dialogue = await openDialogue(nginx.ports.get(993)!, nginx.certificate, {
        implicitTls: true,
      })
      const command = `LOGIN "${first.name}" "${first.password}"`
      expect(await dialogue.ask(`a ${command}`, /^a /)).toEqual([`a NO [UNAVAILABLE] ${temporary}`])
      url.setWeather('fair')
      expect((await dialogue.ask(`b ${command}`, /^b /)).at(-1)).toMatch(/^b OK/)
    },
  )

  test('a function that is gone, comes back elsewhere, or as somebody else', async () => {
    await url.vanish()
    expect(await tellAll()).toEqual(later)
    await names.serve(`127.0.0.2 ${name}`)
    await url.appear('127.0.0.2')
    await vi.waitFor(async () => expect(await tell()).toEqual(ok), { timeout: 20_000, interval: 500 })

    await url.vanish()
    await url.appear('127.0.0.2', authority.issue('other.test'))
    expect(await tellAll()).toEqual(later)
    await url.vanish()
    const others = join(folder, auth, 'others')
    mkdirSync(others)
    await url.appear('127.0.0.2', makeAuthority(others).issue(name))
    expect(await tellAll()).toEqual(later)

    await url.vanish()
    await names.serve(`127.0.0.1 ${name}`)
    await url.appear('127.0.0.1')
    await vi.waitFor(async () => expect(await tell()).toEqual(ok), { timeout: 20_000, interval: 500 })
  })

  test('headers of kilobytes go no further, and the login is decided', async () => {
    const more = { 'Auth-SSL': 'on', 'Auth-SSL-Cert': 'A'.repeat(20_000) }
    expect(await tell('imap', first, more)).toEqual(ok)
  })

  // nginx alone neither asks again nor remembers.
  if (auth !== 'hmac') return

  test('what nobody can parse, or is too long, is refused without a call', async () => {
    const asked = { user: first.name, password: first.password }
    const before = url.calls()
    const odd = nginxLines(asked, { 'Auth-Pass': 'a\x7fb' })
    expect((await ask(port, odd)).headers['auth-status']).toMatch(/^\[AUTHENTICATIONFAILED\]/)
    const long = nginxLines(asked, { 'Auth-SSL-Cert': 'A'.repeat(100_000) })
    expect((await ask(port, long)).headers['auth-status']).toMatch(/Invalid user name or password/)
    expect(url.calls()).toBe(before)
  })

  test('a line that came twice is refused, also where both together would be right', async () => {
    const two = { name: 'two@example.com', password: 'left half,right half' }
    await addMailbox(seed.services, two)
    expect(await tell('imap', two)).toEqual(ok)
    const address = '203.0.113.10'
    const lines = nginxLines({ user: two.name, password: 'left half' }, { 'Client-IP': address })
    const { headers } = await ask(port, [...lines, ['Auth-Pass', 'right%20half']])
    expect(headers['auth-status']).toMatch(/AUTHENTICATIONFAILED/)
    expect(await logged(`client_address = '${address}' and reason = 'bad_request'`)).toBe(1)
  })

  test('an answer that is lost is asked for again: one row, one guess', async () => {
    const before = url.calls()
    const address = '203.0.113.9'
    for (const password of ['a wrong one, lost', first.password]) {
      url.setWeather('lost', 1)
      const status = (await tell('imap', { ...first, password }, { 'Client-IP': address }))[0]
      expect(status).toMatch(password === first.password ? /^OK$/ : /AUTHENTICATIONFAILED/)
    }
    expect(url.calls()).toBe(before + 4)
    const mine = `client_address = '${address}'`
    expect(await logged(mine)).toBe(2)
    const [row] = await shared.query(
      `select counters from ${databaseName()}.auth_log where ${mine} and reason = 'wrong_password'`,
    )
    expect(row!.counters).toMatch(/address 1\//)
  })

  test('an answer without our id is nobody’s: the client is told to come again', async () => {
    url.setWeather('forged')
    expect(await tellAll()).toEqual(later)
  })

  test('connections are kept', async () => {
    await tell()
    const before = url.connections()
    for (let n = 0; n < 20; n++) expect(await tell()).toEqual(ok)
    expect(url.connections() - before).toBeLessThanOrEqual(1)
  })

  test('10,000 attempts of a banned network cost a handful of calls', async () => {
    await verbs['ban add'](seed.services, { cidr: '203.0.113.128/25', reason: 'test', ends_at: null })
    const before = url.calls()
    const statuses = await mapAtOnce(
      Array.from({ length: 10_000 }, (_, n) => n),
      32,
      async n => {
        const login = { user: `user${n}@example.com`, password: `guess ${n % 50}` }
        const lines = nginxLines(login, { 'Client-IP': `203.0.113.${128 + (n % 128)}` })
        return (await ask(port, lines)).headers['auth-status']
      },
    )
    expect(new Set(statuses)).toEqual(new Set(['[AUTHENTICATIONFAILED] Invalid user name or password']))
    // As many as are under way before the first is answered, and again if that takes a minute.
    expect(url.calls() - before).toBeLessThanOrEqual(100)
    console.log(`${url.calls() - before} calls`)
    expect(await tell()).toEqual(ok)
  })

  test('readiness and metrics are those of the relay', async () => {
    const ready = async () => (await fetch(`http://127.0.0.1:${relay!.ports.admin}/readyz`)).status
    await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 20_000, interval: 500 })
    await url.vanish()
    await vi.waitFor(async () => expect(await ready()).toBe(503), { timeout: 20_000, interval: 500 })
    await url.appear('127.0.0.1')
    await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 20_000, interval: 500 })
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    for (const outcome of ['relayed', 'remembered', 'failed', 'unreadable'])
      expect(text).toMatch(
        new RegExp(`^mailgateway_relay_requests_total\\{outcome="${outcome}"\\} [1-9]`, 'm'),
      )
    expect(text).toMatch(/^mailgateway_relay_remembered_refusals [1-9]/m)
  })
})
