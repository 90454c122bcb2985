/** A gateway of several processes, from outside. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { ask, nginxLines } from '../e2e/ask.ts'
import { type Gateway, runCommand, startGateway } from '../e2e/gateway.ts'
import { type Greeters, startGreeters } from '../e2e/greeter.ts'
import { mapAtOnce } from '../e2e/mail-user.ts'
import { childrenOf } from '../e2e/process.ts'
import { scrape } from '../e2e/scrape.ts'
import { openShared, type Shared } from '../e2e/shared.ts'

vi.setConfig({ testTimeout: 120_000 })

const joe = { user: 'joe@example.org', password: 'correct horse battery' }
let folder: string
let shared: Shared
let greeters: Greeters
let gateway: Gateway
let turn = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mg-'))
  shared = await openShared()
  greeters = await startGreeters()
})
afterAll(() => {
  greeters.close()
  rmSync(folder, { recursive: true })
})
afterEach(() => gateway?.stop())

async function start(settings: Record<string, string> = {}): Promise<Gateway> {
  turn += 1
  gateway = await startGateway(join(folder, `${turn}`), {
    settings: { ...shared.settings, MAILGATEWAY_SERVER_WORKERS: '2', ...settings },
  })
  await vi.waitFor(() => expect(workers()).toHaveLength(2), { timeout: 20_000 })
  return gateway
}

const workers = () => childrenOf(gateway.pid)

/** One that has ended and that nobody has asked about yet does not live. */
const lives = (pid: number) => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const login = async (password = joe.password) =>
  (await ask(gateway.ports.nginx, nginxLines({ ...joe, password }))).headers['auth-status']
const count = (text: string, part: string) => text.split(part).length - 1
const ready = async () => (await fetch(`http://127.0.0.1:${gateway.ports.admin}/readyz`)).status

test('starts, says so once, answers commands, adds metrics up, and stops well', async () => {
  await start()
  await gateway.mustCli(['user', 'add', joe.user, '--password-stdin'], joe.password)
  await gateway.addBackends({ imap: greeters.ports.imap })
  expect(count(gateway.output(), 'MailGateway is up.')).toBe(1)
  expect(count(gateway.output(), '"msg":"listening"')).toBe(2)
  expect(await ready()).toBe(200)

  expect(await login()).toBe('OK')
  const answers = await mapAtOnce(Array.from({ length: 300 }), 16, () => login())
  expect(new Set(answers)).toEqual(new Set(['OK']))
  const first = await scrape(gateway.ports.nginx)
  const ok = 'mailgateway_logins_total{protocol="imap",result="accept",reason="ok"}'
  expect(first.series.get(ok)).toBe(301)
  expect(first.series.get('mailgateway_login_duration_seconds_count{cache="hit"}')).toBeGreaterThan(295)
  expect(first.text).toMatch(/^mailgateway_build_info\{.*\} 1$/m)
  expect(first.series.get('nodejs_eventloop_lag_p99_seconds')).toBeLessThan(1)

  const [victim] = workers()
  process.kill(victim!, 'SIGKILL')
  await vi.waitFor(
    () => {
      expect(workers()).toHaveLength(2)
      expect(workers()).not.toContain(victim)
    },
    { timeout: 20_000 },
  )
  await expect.poll(gateway.output).toContain('a worker died, another one takes its place')
  expect(await login()).toBe('OK')
  // What the dead one had counted is not lost: a sum that sinks reads as a new beginning.
  expect((await scrape(gateway.ports.nginx)).series.get(ok)).toBe(302)
  expect(await gateway.do('backend list', {})).toMatchObject([{ health: [{ up: true }] }])

  const old = workers()
  await gateway.stop()
  expect(gateway.output()).toContain('"msg":"stopped"')
  expect(old.filter(lives)).toEqual([])
})

test('SIGUSR2 exchanges the workers and no login notices', async () => {
  await start()
  const before = workers()
  process.kill(gateway.pid, 'SIGUSR2')
  let answers = 0
  await vi.waitFor(
    async () => {
      expect(await login()).toBe('OK')
      answers += 1
      expect(workers()).toHaveLength(2)
      expect(workers().filter(pid => before.includes(pid))).toEqual([])
    },
    { timeout: 30_000, interval: 1 },
  )
  expect(answers).toBeGreaterThan(10)
})

test('no line is lost when files are turned over, moved away, or a worker dies', async () => {
  const logs = join(folder, 'logs')
  const [app, fail] = [join(logs, 'app.log'), join(logs, 'fail.log')]
  await start({
    MAILGATEWAY_LOG_FILE_PATH: app,
    MAILGATEWAY_LOG_AUTH_FAIL_PATH: fail,
    MAILGATEWAY_LOG_MAX_SIZE: '10KB',
    MAILGATEWAY_LOG_MAX_FILES: '1000',
  })
  const wrong = Array.from({ length: 200 }, (_, i) => `nobody${i}`)
  const tryAll = () =>
    mapAtOnce(wrong, 8, async user => {
      await ask(
        gateway.ports.nginx,
        nginxLines({ user, password: 'x', protocol: 'imap' }, { 'Auth-Method': 'cram-md5' }),
      )
    })
  await tryAll()
  renameSync(app, join(logs, 'moved'))
  process.kill(gateway.pid, 'SIGHUP')
  await tryAll()
  const read = (kind: string) =>
    readdirSync(logs)
      .filter(name => name.startsWith(kind) || (kind === 'app' && name === 'moved'))
      .map(name => readFileSync(join(logs, name), 'utf8'))
      .join('')
      .trimEnd()
      .split('\n')
  const isRequest = (line: string) => line.includes('"msg":"request"')
  // What a killed process still holds in its own memory is nobody's to save.
  await vi.waitFor(() => expect(read('app').filter(isRequest)).toHaveLength(400), { timeout: 20_000 })
  process.kill(workers()[0]!, 'SIGKILL')
  await vi.waitFor(() => expect(workers()).toHaveLength(2), { timeout: 20_000 })
  await gateway.stop()
  const requests = read('app')
    .filter(isRequest)
    .map(line => JSON.parse(line))
  expect(requests).toHaveLength(400)
  expect(new Set(requests.map(({ request_id }) => request_id)).size).toBe(400)
  expect(read('fail')).toHaveLength(400)
  expect(readdirSync(logs).length).toBeGreaterThan(6)
})

test('a unix socket: left by a killed gateway, replaced, open to nginx', async () => {
  const socket = join(folder, 'nginx.sock')
  const settings = { MAILGATEWAY_AUTH_SERVER_HOST: `unix:${socket}` }
  const { ports } = await start(settings)
  expect(statSync(socket).mode & 0o777).toBe(0o666)
  expect(statSync(join(gateway.folder, 'control.sock')).mode & 0o777).toBe(0o600)
  const orphans = workers()
  await gateway.stop('SIGKILL')
  await vi.waitFor(() => expect(orphans.filter(lives)).toEqual([]), 20_000)
  turn -= 1
  await start(settings)
  expect((await ask(socket, nginxLines(joe))).headers['auth-status']).toBe('OK')
  const second = await runCommand(
    {
      ...shared.settings,
      ...settings,
      MAILGATEWAY_DATA_DIR: join(folder, 'other'),
      MAILGATEWAY_SERVER_WORKERS: '2',
      MAILGATEWAY_SERVER_PORT: `${ports.admin}`,
    },
    ['start'],
  )
  expect(second).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^mailgateway: auth_server: cannot listen on .*\n$/),
  })
})

test('workers that die again and again end everything, with one line', async () => {
  await start()
  const { pid } = gateway
  await vi.waitFor(
    () => {
      for (const worker of childrenOf(pid)) process.kill(worker, 'SIGKILL')
      expect(lives(pid)).toBe(false)
    },
    { timeout: 60_000, interval: 10 },
  )
  expect(gateway.output()).toMatch(
    /^mailgateway: 5 workers died soon after their start, one after the other$/m,
  )
})

test('what keeps the first worker from beginning is said in one line', async () => {
  await start()
  const settings = {
    ...shared.settings,
    MAILGATEWAY_DATA_DIR: join(folder, 'other'),
    MAILGATEWAY_SERVER_WORKERS: '2',
    MAILGATEWAY_SERVER_PORT: `${gateway.ports.admin}`,
    MAILGATEWAY_AUTH_SERVER_PORT: `${gateway.ports.nginx}`,
  }
  const { code, stderr, stdout } = await runCommand(settings, ['start'])
  expect({ code, stderr, stdout }).toEqual({
    code: 1,
    stderr: `mailgateway: auth_server: cannot listen on 127.0.0.1:${gateway.ports.nginx} (EADDRINUSE); free it or choose another\n`,
    stdout: '',
  })
})
