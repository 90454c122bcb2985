/** Two gateways on one MariaDB and Redis behind conf/nginx/ha.conf, real nginx before them and a real Dovecot behind. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask, type Line, nginxLines } from './ask.ts'
import { openDialogue } from './dialogue.ts'
import { type Dovecot, startDovecot } from './dovecot.ts'
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { rememberSecret } from './leaks.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { chooseFreePort } from './ports.ts'
import { childrenOf } from './process.ts'
import { joe, requests } from './requests.ts'
import { openShared, type Shared } from './shared.ts'
import { type Sink, startSink } from './sink.ts'

vi.setConfig({ testTimeout: 120_000 })

const secret = 'the-secret-between-the-hop-and-us'
const people = Array.from({ length: 12 }, (_, i) => ({
  name: `user${i}@example.com`,
  password: `correct horse ${i}`,
}))

let folder: string
let shared: Shared
let sink: Sink
let dovecot: Dovecot
let gateways: [Gateway, Gateway]
let hop: number
let nginx: Nginx

const mailConf = fileURLToPath(new URL('../../conf/nginx/mail.conf', import.meta.url))

const open = (name: string, options: Pick<GatewayOptions, 'ports'> = {}) =>
  startGateway(join(folder, name), {
    ...options,
    settings: {
      ...shared.settings,
      MAILGATEWAY_AUTH_SERVER_SECRET: secret,
      // One of each kind.
      MAILGATEWAY_SERVER_WORKERS: name === 'b' ? '2' : '1',
      MAILGATEWAY_AUTH_DEADLINE: '4s',
      MAILGATEWAY_AUTH_HASH_DEADLINE: '3s',
      // Everybody comes from one address, and the table of requests is full of wrong passwords.
      MAILGATEWAY_AUTH_MAX_FAIL_ATTEMPTS: '1000',
      MAILGATEWAY_GUESSING_ADDRESS_LIMIT: '10000',
      MAILGATEWAY_GUESSING_NETWORK_LIMIT: '10000',
      MAILGATEWAY_GUESSING_SPRAYING_LIMIT: '10000',
    },
  })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mg-ha-'))
  chmodSync(folder, 0o755)
  rememberSecret(secret)
  shared = await openShared()
  sink = await startSink()
  dovecot = await startDovecot(join(folder, 'dovecot'), sink.port)
  // One after the other: the first brings the database up to date.
  gateways = [await open('a'), await open('b')]
  const [a] = gateways
  for (const [protocol, port] of Object.entries(dovecot.ports)) {
    await a.mustCli(['backend', 'add', '--protocol', protocol, '--host', '127.0.0.1', '--port', `${port}`])
  }
  for (const { name, password } of [...people, { name: joe.user, password: joe.password }]) {
    if (name !== joe.user) dovecot.addUser({ name, password })
    await a.mustCli(['user', 'add', name, '--password-stdin'], password)
  }
  hop = await chooseFreePort()
  nginx = await startNginx({
    folder: join(folder, 'nginx'),
    file: mailConf,
    gatewayPort: hop,
    hop: { gateways: [gateways[0].ports.nginx, gateways[1].ports.nginx], secret },
  })
})
afterAll(async () => {
  await nginx?.stop()
  for (const gateway of gateways ?? []) await gateway.stop()
  await dovecot?.stop()
  await sink?.stop()
  rmSync(folder, { recursive: true })
})

/** One login over TLS; the tagged answer, or what else became of it. */
async function login({ name, password }: { name: string; password: string }): Promise<string> {
  try {
    await using dialogue = await openDialogue(nginx.ports.get(993)!, nginx.certificate, { implicitTls: true })
    const answer = await dialogue.ask(`a LOGIN "${name}" "${password}"`, /^(a |\* BAD)/)
    return answer.at(-1)!
  } catch (error) {
    return (error as Error).message
  }
}

/** Logs in without a pause, everybody, while something is done to the gateways. */
async function underLoad(work: () => Promise<void>): Promise<{ logins: number; failures: string[] }> {
  let isOver = false
  let logins = 0
  const failures: string[] = []
  const users = people.slice(0, 6).map(async person => {
    while (!isOver) {
      const answer = await login(person)
      logins += 1
      if (!answer.startsWith('a OK')) failures.push(answer)
    }
  })
  await work().finally(() => {
    isOver = true
  })
  await Promise.all(users)
  return { logins, failures }
}

const restart = async (index: 0 | 1) => {
  gateways[index] = await open(index === 0 ? 'a' : 'b', { ports: gateways[index].ports })
}
/** So many logins that each gateway has had some. */
const some = async () => {
  for (const person of people) expect(await login(person)).toMatch(/^a OK/)
}

describe('requests through the hop', () => {
  const ofGateway = (lines: readonly Line[]) =>
    ask(gateways[0].ports.nginx, [...lines, ['X-Auth-Key', secret]])
  const own = (headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('auth-')))
  const long = 'A'.repeat(20_000)
  const smtp = (to: string) =>
    nginxLines(
      { ...joe, protocol: 'smtp' },
      {
        'Auth-Method': 'none',
        'Auth-SMTP-Helo': '',
        'Auth-SMTP-From': 'MAIL FROM:<a@b>',
        'Auth-SMTP-To': to,
      },
    )

  test.each<[string, Line[]]>([
    ...requests.map(([what, lines]): [string, Line[]] => [what, [...lines]]),
    ['a client certificate', nginxLines(joe, { 'Auth-SSL': 'on', 'Auth-SSL-Cert': long })],
    ['a raw DEL in the password', nginxLines(joe, { 'Auth-Pass': 'a\x7fb' })],
    ['8 bits and a control byte in a command', smtp('RCPT TO:<\xe9\x01>')],
    ['an empty name', nginxLines(joe, { 'Auth-User': '' })],
    ['another secret before', [['X-Auth-Key', 'wrong'], ...nginxLines(joe)]],
  ])('%s: as without it', async (_, lines) => {
    const through = await ask(hop, lines)
    const direct = await ofGateway(lines.filter(([name]) => name !== 'X-Auth-Key'))
    expect(own(through.headers)).toEqual(own(direct.headers))
    expect(through.statusLine.slice(9)).toBe(direct.statusLine.slice(9))
    expect(through.text.length).toBeLessThanOrEqual(1024)
    expect(through.text.endsWith('\r\n\r\n')).toBe(true)
  })

  test('what nginx does not pass on is a temporary failure', async () => {
    expect((await ask(hop, smtp('RCPT TO:<\x00>'))).headers['auth-status']).toMatch(/^Temporary failure/)
    const tooMuch = await ask(hop, nginxLines(joe, { 'Auth-SSL-Cert': 'A'.repeat(100_000) }))
    expect(tooMuch.headers['auth-status']).toMatch(/Temporary failure/)
  })
})

test('the doctor understands the hop', async () => {
  const files = join(folder, 'nginx')
  const dump = join(folder, 'nginx.txt')
  const args = ['-T', '-p', `${files}/`, '-c', join(files, 'nginx.conf'), '-e', 'error.log']
  writeFileSync(dump, execFileSync('/usr/sbin/nginx', args, { stdio: ['ignore', 'pipe', 'pipe'] }))
  for (const gateway of gateways) {
    const { json } = await gateway.cli(['doctor', '--json', '--nginx-conf', dump])
    const findings = json as { subject: string; level: string; found: string }[]
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([])
    expect(findings.filter(({ subject }) => subject === 'nginx')).toMatchObject([
      { level: 'warn', found: expect.stringContaining('but a gateway answers there') },
    ])
    expect(findings).toContainEqual(expect.objectContaining({ found: `running, process ${gateway.pid}` }))
  }
})

test('one of two gateways is killed under load, comes back, and both are restarted one by one: no client notices', async () => {
  await some()
  const { logins, failures } = await underLoad(async () => {
    await gateways[0].stop('SIGKILL')
    await some()
    await restart(0)
    for (const index of [0, 1] as const) {
      // A gateway that was away is asked again within two seconds.
      await new Promise(resolve => setTimeout(resolve, 2_500))
      await gateways[index].stop()
      await some()
      await restart(index)
    }
  })
  console.log(`${logins} logins, ${failures.length} failed`)
  expect(failures).toEqual([])
  expect(logins).toBeGreaterThan(50)
  expect(nginx.log()).not.toContain('no live upstreams')
})

test('of a gateway with workers one is killed under load, then they are exchanged: no client notices', async () => {
  const { pid } = gateways[1]
  const { logins, failures } = await underLoad(async () => {
    await vi.waitFor(() => expect(childrenOf(pid)).toHaveLength(2), { timeout: 20_000 })
    process.kill(childrenOf(pid)[0]!, 'SIGKILL')
    await some()
    await vi.waitFor(() => expect(childrenOf(pid)).toHaveLength(2), { timeout: 20_000 })
    const before = childrenOf(pid)
    process.kill(pid, 'SIGUSR2')
    await vi.waitFor(
      () => {
        expect(childrenOf(pid)).toHaveLength(2)
        expect(childrenOf(pid).filter(worker => before.includes(worker))).toEqual([])
      },
      { timeout: 30_000 },
    )
    await some()
  })
  console.log(`${logins} logins, ${failures.length} failed`)
  expect(failures).toEqual([])
})

test('a gateway that hangs costs time and no login', async () => {
  process.kill(gateways[0].pid, 'SIGSTOP')
  try {
    await some()
  } finally {
    process.kill(gateways[0].pid, 'SIGCONT')
  }
})

test('with both away every client gets the temporary failure of its protocol, and keeps its connection', async () => {
  for (const gateway of gateways) await gateway.stop()
  const through = async (protocol: string, attempt = 1) => {
    const { headers } = await ask(hop, nginxLines({ ...joe, protocol, attempt }))
    return [headers['auth-status'], headers['auth-error-code'], headers['auth-wait']]
  }
  const text = 'Temporary failure, please try again later'
  expect(await through('imap')).toEqual([`[UNAVAILABLE] ${text}`, undefined, '1'])
  expect(await through('pop3')).toEqual([`[SYS/TEMP] ${text}`, undefined, '1'])
  expect(await through('smtp', 10)).toEqual([text, '454 4.7.0', '1'])
  expect(await through('smtp', 11)).toEqual([text, '454 4.7.0', undefined])
  const none = nginxLines({ ...joe, protocol: 'smtp' }, { 'Auth-Method': 'none' })
  expect((await ask(hop, none)).headers['auth-error-code']).toBe('451 4.3.0')

  await using dialogue = await openDialogue(nginx.ports.get(993)!, nginx.certificate, { implicitTls: true })
  const [person] = people
  const again = `LOGIN "${person!.name}" "${person!.password}"`
  expect(await dialogue.ask(`a ${again}`, /^a /)).toEqual([`a NO [UNAVAILABLE] ${text}`])
  await restart(0)
  await vi.waitFor(async () => expect((await dialogue.ask(`b ${again}`, /^b /)).at(-1)).toMatch(/^b OK/), {
    timeout: 10_000,
    interval: 500,
  })
  await restart(1)
})
