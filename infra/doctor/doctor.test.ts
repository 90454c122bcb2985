/** The doctor against real parts: a healthy rig first, then one planted fault after the other. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { useImap } from '../e2e/clients.ts'
import { runCommand } from '../e2e/gateway.ts'
import { chooseFreePort } from '../e2e/ports.ts'
import { type Rig, startRig } from '../e2e/rig.ts'
import type { Finding } from './finding.ts'

// Each command is a process of its own, which takes a second to start on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const joe = { name: 'joe@example.com', password: 'correct horse battery' }
const secret = 'between-nginx-and-us-only-8d1f'
const folder = mkdtempSync(join(tmpdir(), 'mailgateway-doctor-'))
let rig: Rig
let settings: Record<string, string>
/** What the rig's nginx prints about its configuration. */
let dump: string

beforeAll(async () => {
  rig = await startRig({ settings: { MAILGATEWAY_AUTH_SERVER_SECRET: secret } })
  chmodSync(rig.gateway.folder, 0o700)
  await rig.addMailbox(joe)
  const login = { port: rig.port(993), tls: 'implicit', certificate: rig.nginx.certificate } as const
  expect(await useImap({ ...login, user: joe.name, password: joe.password })).toMatchObject({ ok: true })
  settings = {
    MAILGATEWAY_DATA_DIR: rig.gateway.folder,
    MAILGATEWAY_AUTH_SERVER_PORT: String(rig.gateway.ports.nginx),
    MAILGATEWAY_SERVER_PORT: String(rig.gateway.ports.admin),
    MAILGATEWAY_AUTH_SERVER_SECRET: secret,
  }
  const nginx = join(rig.folder, 'nginx')
  const line = ['-p', `${nginx}/`, '-c', join(nginx, 'nginx.conf'), '-e', 'error.log']
  dump = execFileSync('/usr/sbin/nginx', ['-T', ...line], { encoding: 'utf8', stdio: 'pipe' })
  // Whoever runs plain `nginx` means this one.
  writeFileSync(join(folder, 'nginx'), `#!/bin/sh\nexec /usr/sbin/nginx ${line.join(' ')} "$@"\n`, {
    mode: 0o755,
  })
})
afterAll(async () => {
  await rig?.stop()
  rmSync(folder, { recursive: true })
})

interface Examined {
  code: number | null
  stdout: string
  findings: Finding[]
  /** `subject: found → advice` of what is not ok. */
  problems: string[]
}

/** Warnings about the machine that the tests run on are true and no matter here. */
const ofThisMachine = ({ level, found }: Finding) =>
  level === 'warn' && /^not kept by NTP|^\d+ MiB free/.test(found)

async function examine(
  changed: Record<string, string> = {},
  { text = dump, mostKib }: { text?: string; mostKib?: number } = {},
): Promise<Examined> {
  const file = join(folder, 'dump.txt')
  writeFileSync(file, text)
  const args = ['doctor', '--json', '--nginx-conf', file]
  const { code, stdout, json, stderr } = await runCommand({ ...settings, ...changed }, args, { mostKib })
  expect(stderr).toBe('')
  const findings = json as Finding[]
  const failed = findings.filter(each => each.level !== 'ok' && !ofThisMachine(each))
  for (const each of failed) expect(each).toMatchObject({ advice: expect.stringMatching(/.{8}/) })
  expect(stdout).not.toContain(secret)
  return { code, stdout, findings, problems: failed.map(f => `${f.subject}: ${f.found} → ${f.advice}`) }
}

/** One planted fault, one finding about it, exit code 1. */
function expectOne({ code, problems }: Examined, message: RegExp): void {
  expect(problems).toEqual([expect.stringMatching(message)])
  expect(code).toBe(1)
}

test('a healthy rig: nothing to report, and every group has looked', async () => {
  const before = readdirSync(rig.gateway.folder)
  const { code, problems, findings } = await examine()
  expect([code, problems]).toEqual([0, []])
  const subjects = ['configuration', 'gateway', 'hot state', 'data folder', 'secrets', 'database', 'clock']
  expect([...new Set(findings.map(({ subject }) => subject))]).toEqual([
    ...subjects,
    'backends',
    'dns',
    'nginx',
    'logins',
  ])
  expect(findings.filter(({ subject }) => subject === 'backends')).toHaveLength(3)
  expect(readdirSync(rig.gateway.folder)).toEqual(before)
})

test('for people, with nginx asked itself; no counter has moved', async () => {
  const PATH = `${folder}:${process.env.PATH}`
  const { code, stdout } = await runCommand({ ...settings, PATH }, ['doctor'])
  expect(stdout).toMatch(
    /^ok {4}configuration {2}conf\/config\.yaml; from the environment: .*auth_server\.secret/,
  )
  expect(stdout).toMatch(/\nok {4}nginx {10}its 3 mail servers ask http:\/\/127\.0\.0\.1:\d+\/api\/auth\n/)
  expect(stdout).toMatch(/\n0 failed, 0 warnings, \d+ fine\n$/)
  expect(code).toBe(0)
  const { json } = await rig.gateway.mustCli(['log', 'search', '--result', 'failed', '--json'])
  const reasons = new Set((json as { reason: string }[]).map(({ reason }) => reason))
  expect(reasons).toEqual(new Set(['login_required']))
})

test('the help says what the exit codes mean', async () => {
  const { stdout } = await runCommand({}, ['doctor', '--help'])
  expect(stdout).toMatch(/Exit code: 0 nothing failed .*, 1 something did, 2 /)
})

test('a setting that nobody knows', async () => {
  const { code, problems } = await examine({ MAILGATEWAY_AUTH_FAIL_TLL: '60s' })
  expect(problems).toEqual([
    expect.stringMatching(/^configuration: .*AUTH_FAIL_TLL: unknown setting; did you mean/),
  ])
  expect(code).toBe(1)
})

test('a port that is not that of the running gateway', async () => {
  const { code, problems } = await examine({ MAILGATEWAY_AUTH_SERVER_PORT: String(await chooseFreePort()) })
  expect(problems).toEqual([
    expect.stringMatching(
      /^configuration: the running gateway listens on 127\.0\.0\.1:\d+, this configuration/,
    ),
    expect.stringMatching(/^nginx: .* leads elsewhere → write auth_http http:/),
    expect.stringMatching(/^logins: nobody answers at http:.* \(ECONNREFUSED\)/),
  ])
  expect(code).toBe(1)
})

test('a Redis that the running gateway does not use, and no secret for it', async () => {
  const elsewhere = `redis://:q7Zk-x1@127.0.0.1:${await chooseFreePort()}/0`
  const { code, problems } = await examine({ REDIS_URL: elsewhere, MAILGATEWAY_SECRET_KEY: '' })
  const masked = elsewhere.replace('q7Zk-x1', '********')
  expect(problems).toEqual([
    `configuration: REDIS_URL of the running gateway is none, of this configuration ${masked} → restart the gateway, or run the doctor with the environment that the gateway has`,
    expect.stringMatching(/^redis: .*ECONNREFUSED/),
    expect.stringMatching(/^secrets: MAILGATEWAY_SECRET_KEY is not set: .* → give each the text of .*key/),
  ])
  expect(code).toBe(1)
})

test('another secret than the running gateway has', async () => {
  const other = 'a-later-one-that-nobody-has-loaded'
  const text = dump.replaceAll(secret, other)
  expectOne(
    await examine({ MAILGATEWAY_AUTH_SERVER_SECRET: other }, { text }),
    /^logins: .* cannot decide → if auth_server\.secret was changed/,
  )
})

describe('backends', () => {
  const plant = async (place: string, fault: RegExp) => {
    const [protocol = '', host = '', port = ''] = place.split(' ')
    await rig.gateway.mustCli(['backend', 'add', '--protocol', protocol, '--host', host, '--port', port])
    const examined = await examine({ MAILGATEWAY_BACKEND_CHECK_TIMEOUT: '1s' })
    await rig.gateway.mustCli(['backend', 'remove', `${protocol}:${host}:${port}`])
    expectOne(examined, fault)
  }

  test('a wrong port, where nobody listens', async () => {
    await plant(
      `imap 127.0.0.1 ${await chooseFreePort()}`,
      /^backends: imap 127\.0\.0\.1:\d+: connection failed: ECONNREFUSED → .*mailgateway backend set /,
    )
  })
  test('a wrong port, where another protocol greets', () =>
    plant(`imap 127.0.0.1 ${rig.dovecot.ports.pop3}`, /^backends: imap .*: unexpected greeting "\+OK /))
  test('a TLS port', () =>
    plant(
      `imap 127.0.0.1 ${rig.port(993)}`,
      /^backends: imap .*: this is a TLS port; nginx's mail proxy speaks plain text to backends: use 143/,
    ))
  test('silence', async () => {
    const silent = createServer(socket => socket.on('error', () => socket.destroy()))
    const port = await chooseFreePort()
    silent.listen(port, '127.0.0.1')
    await once(silent, 'listening')
    await plant(`pop3 127.0.0.1 ${port}`, /^backends: pop3 .*: no greeting within 1000 ms/)
    silent.close()
  })
  test('a name without an address, and a DNS server that is not there', async () => {
    const server = `127.0.0.1:${await chooseFreePort()}`
    await rig.gateway.mustCli([
      'backend',
      'add',
      '--protocol',
      'imap',
      '--host',
      'mail.invalid',
      '--port',
      '143',
    ])
    const { code, problems } = await examine({ MAILGATEWAY_BACKEND_DNS_SERVERS: server })
    await rig.gateway.mustCli(['backend', 'remove', 'imap:mail.invalid:143'])
    expect(problems).toEqual([
      expect.stringMatching(/^backends: imap mail\.invalid:143: the name has no address \(.+\)/),
      expect.stringContaining(`dns: ${server} does not answer → correct backend.dns_servers`),
    ])
    expect(code).toBe(1)
  })
})

test('a clock that is an hour behind', async () => {
  const back = '--import=data:text/javascript,globalThis.real=Date.now;Date.now=()=>real()-36e5'
  const { code, problems } = await examine({ NODE_OPTIONS: back })
  expect(problems[0]).toMatch(
    /^clock: the clock says .*, and the newest row of the auth log is from .* → .*NTP/,
  )
  expect(problems.every(problem => problem.startsWith('clock: '))).toBe(true)
  expect(code).toBe(1)
})

test('a quota that leaves no room for a file of some MB', async () => {
  expectOne(
    await examine({}, { mostKib: 512 }),
    /^data folder: a file of 4 MiB cannot be written .* \(EFBIG\) → .*quota/,
  )
  expect(readdirSync(rig.gateway.folder).filter(name => name.startsWith('doctor-'))).toEqual([])
})

test('files that other users can read', async () => {
  const file = (name: string) => join(rig.gateway.folder, name)
  for (const name of ['secret.key', 'mailgateway.db', 'control.sock']) chmodSync(file(name), 0o644)
  const { code, problems } = await examine()
  for (const name of ['secret.key', 'mailgateway.db', 'control.sock']) chmodSync(file(name), 0o600)
  expect(problems).toEqual([
    expect.stringMatching(
      /^data folder: .*mailgateway\.db can be used by other users \(mode 644\) → chmod 600 /,
    ),
    expect.stringMatching(/^data folder: .*control\.sock can be used by other users/),
    expect.stringMatching(/^secrets: .*secret\.key can be read by other users \(mode 644\) → chmod 600 /),
  ])
  expect(code).toBe(1)
})

describe('nginx', () => {
  const keyLine = `auth_http_header X-Auth-Key "${secret}";`
  test('without our secret', async () => {
    const examined = await examine({}, { text: dump.replace(keyLine, '') })
    expectOne(
      examined,
      /^nginx: mail on (127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+(; |: )){3}it does not send the secret → /,
    )
  })
  test('with another secret, which is not shown either', async () => {
    const other = 'somebody-elses-text-8d1f'
    const examined = await examine({}, { text: dump.replace(secret, other) })
    expectOne(examined, /: the secret in X-Auth-Key is not that of auth_server\.secret → /)
    expect(examined.stdout).not.toContain(other)
    expect(examined.code).toBe(1)
  })
  test('with a header in one server that drops those of mail', async () => {
    const text = dump.replace('protocol pop3;', 'protocol pop3; auth_http_header X-Front "one";')
    expectOne(
      await examine({}, { text }),
      /: its own auth_http_header drops those of mail \{ \}, the secret with them → repeat/,
    )
  })
  test('pointing elsewhere', async () => {
    const text = dump.replace(/(auth_http http:\/\/)127\.0\.0\.1:\d+/, '$1192.0.2.1:8090')
    const examined = await examine({}, { text })
    expectOne(
      examined,
      /: auth_http http:\/\/192\.0\.2\.1:8090\/api\/auth leads elsewhere → write auth_http http:\/\/127/,
    )
  })
  test('asking another path', async () => {
    const examined = await examine({}, { text: dump.replace('/api/auth;', '/auth;') })
    expectOne(examined, / asks for \/auth, which nobody answers → /)
  })
  test('less patient than the gateway', async () => {
    const examined = await examine(
      {},
      { text: dump.replace('auth_http_timeout 10s', 'auth_http_timeout 5s') },
    )
    expectOne(examined, /: auth_http_timeout 5s is not above auth\.deadline: nginx hangs up first → /)
  })
  test('hiding what backends say, and not logging in to the SMTP backend: warnings', async () => {
    const text = dump.replace('proxy_pass_error_message on', 'proxy_pass_error_message off')
    const examined = await examine({}, { text: text.replace('proxy_smtp_auth on', 'proxy_smtp_auth off') })
    expect(examined.problems).toEqual([
      expect.stringMatching(/: proxy_pass_error_message is off: /),
      expect.stringMatching(/: nginx neither logs in to the SMTP backend nor names the user in XCLIENT → /),
    ])
    expect(examined.code).toBe(0)
  })
  test('a file of something else', async () => {
    const examined = await examine({}, { text: 'mail { }' })
    expectOne(examined, /^nginx: .*: it is not what nginx -T prints → as root: nginx -T/)
  })
})

describe('without a running gateway', () => {
  let copy: string
  const file = (name: string) => join(copy, name)
  const notRunning = [
    expect.stringMatching(/^gateway: none is running with /),
    expect.stringMatching(/^logins: nobody answers at /),
  ]

  beforeAll(async () => {
    await rig.gateway.stop()
    copy = join(folder, 'copy')
    cpSync(rig.gateway.folder, copy, { recursive: true })
    chmodSync(copy, 0o700)
    settings = { ...settings, MAILGATEWAY_DATA_DIR: copy }
  })

  test('it says so, and looks at the rest', async () => {
    const { code, problems, findings } = await examine()
    expect(problems).toEqual(notRunning)
    expect(code).toBe(1)
    expect(findings.filter(({ subject }) => subject === 'backends')).toHaveLength(3)
  })

  test('no data folder: none is made', async () => {
    const missing = join(folder, 'missing')
    const { problems } = await examine({ MAILGATEWAY_DATA_DIR: missing })
    expect(problems).toContainEqual(
      expect.stringMatching(/^data folder: .*missing is not there → start the gateway/),
    )
    expect(existsSync(missing)).toBe(false)
  })

  test('a secret that is short, and one that is lost', async () => {
    const kept = readFileSync(file('secret.key'))
    writeFileSync(file('secret.key'), 'short')
    expect((await examine()).problems).toContainEqual(
      expect.stringMatching(/^secrets: .* is too short; write at least 32/),
    )
    rmSync(file('secret.key'))
    expect((await examine()).problems).toContainEqual(
      expect.stringMatching(/^secrets: .*secret\.key is missing: .* → bring it back/),
    )
    writeFileSync(file('secret.key'), kept, { mode: 0o600 })
  })

  test('a database that is damaged', async () => {
    const sound = join(folder, 'sound.db')
    copyFileSync(file('mailgateway.db'), sound)
    const bytes = readFileSync(sound)
    bytes.fill(0xff, 4_096, statSync(sound).size)
    for (const name of ['mailgateway.db-wal', 'mailgateway.db-shm']) rmSync(file(name), { force: true })
    writeFileSync(file('mailgateway.db'), bytes)
    const { code, problems } = await examine()
    expect(problems).toContainEqual(
      expect.stringMatching(
        /^database: .*mailgateway\.db (is damaged|cannot be read): .* → .*mailgateway restore/,
      ),
    )
    expect(code).toBe(1)
  })
})
