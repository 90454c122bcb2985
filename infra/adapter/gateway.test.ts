import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openSqlite } from '../../lib/database/open.ts'
import { ask, nginxLines } from '../e2e/ask.ts'
import { type Gateway, startGateway } from '../e2e/gateway.ts'
import { chooseFreePort } from '../e2e/ports.ts'
import { withSecret } from '../e2e/stores.ts'

// Each start is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-adapter-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** It says so once it answers, and has hashed a first password. */
const welcomed = { timeout: 10_000 }
const joe = { user: 'joe@example.com', password: 'correct horse battery' }
const modeOf = (file: string) => statSync(file).mode & 0o777
const command = fileURLToPath(new URL('../cli/mailgateway.js', import.meta.url))

/** Runs a command that is expected to end by itself. */
async function run(settings: Record<string, string>, args = ['start'], program = [process.execPath]) {
  const [file = '', ...before] = program
  const env = { PATH: process.env.PATH, ...settings }
  const child = spawn(file, [...before, command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

describe('a running gateway', () => {
  let gateway: Gateway
  const dataFile = (name: string) => join(gateway.folder, name)

  beforeAll(async () => {
    gateway = await startGateway(join(folder, 'running'))
    await gateway.do('user add', { name: joe.user, password: joe.password })
  })
  afterAll(() => gateway?.stop())

  const fetchAdmin = (path: string) => fetch(`http://127.0.0.1:${gateway.ports.admin}${path}`)
  /** Without a backend a right password is a temporary failure, and a wrong one is not. */
  const login = async (password = joe.password) =>
    (await ask(gateway.ports.nginx, nginxLines({ ...joe, password }))).headers['auth-status']

  test('says that it lives and that it is ready', async () => {
    expect(await (await fetchAdmin('/healthz')).json()).toEqual({ status: 'ok' })
    expect(await (await fetchAdmin('/readyz')).json()).toEqual({
      status: 'ready',
      database: 'it answers',
      hotState: 'it answers',
    })
    expect((await fetchAdmin('/else')).status).toBe(404)
  })

  test('tells a newcomer what to do next', async () => {
    const { admin, nginx } = gateway.ports
    await expect.poll(gateway.output, welcomed).toContain(`http://127.0.0.1:${nginx}/api/auth`)
    expect(gateway.output()).toContain(`http://127.0.0.1:${admin}/readyz`)
    expect(gateway.output()).toMatch(/1\. Name the mail server: .* backend add --protocol imap/)
  })

  test('keeps its data to its user', () => {
    for (const name of ['control.sock', 'secret.key', 'mailgateway.db'])
      expect([name, modeOf(dataFile(name))]).toEqual([name, 0o600])
  })

  test('keeps a second one out of its data folder, and does not notice', async () => {
    const { code, stderr } = await gateway.cli(['start'])
    expect(code).toBe(1)
    expect(stderr).toBe(
      `mailgateway: another gateway or command is using ${dataFile('mailgateway.db')}; stop it, or say which one you mean with MAILGATEWAY_DATA_DIR\n`,
    )
    const status = await login()
    expect(status).not.toBe(await login('not the password'))
    expect((await fetchAdmin('/readyz')).status).toBe(200)
    await gateway.mustCli(['user', 'show', joe.user])
  })

  test('killed, it leaves a socket that neither the command line nor its successor minds', async () => {
    const before = await login()
    await gateway.stop('SIGKILL')
    expect(existsSync(dataFile('control.sock'))).toBe(true)
    await gateway.mustCli(['user', 'show', joe.user])
    const { ports } = gateway
    gateway = await startGateway(gateway.folder, { ports })
    expect(modeOf(dataFile('control.sock'))).toBe(0o600)
    await gateway.mustCli(['user', 'show', joe.user])
    expect(await login()).toBe(before)
  })

  test('told to stop, it takes its socket along and says so', async () => {
    await gateway.stop('SIGTERM')
    expect(gateway.output()).toMatch(/"msg":"stopped"\}\s*$/)
    expect(existsSync(dataFile('control.sock'))).toBe(false)
  })
})

test('nginx may ask over a unix socket, also when a killed gateway left one', async () => {
  const socket = join(folder, 'nginx.sock')
  const settings = { MAILGATEWAY_AUTH_SERVER_HOST: `unix:${socket}` }
  const first = await startGateway(join(folder, 'unix'), { settings })
  const answer = await ask(socket, nginxLines(joe))
  expect(answer.statusLine).toMatch(/ 200 /)
  expect(answer.headers['auth-status']).toBeTruthy()
  await first.stop('SIGKILL')
  expect(existsSync(socket)).toBe(true)
  await using second = await startGateway(join(folder, 'unix'), { settings, ports: first.ports })
  expect((await ask(socket, nginxLines(joe))).headers['auth-status']).toBe(answer.headers['auth-status'])
  await expect
    .poll(second.output, welcomed)
    .toContain(`nginx asks             http://unix:${socket}:/api/auth`)
})

describe('a start that is refused: exit code 1, one line', () => {
  const refused = async (settings: Record<string, string>, message: RegExp) => {
    const { code, stdout, stderr } = await run({ MAILGATEWAY_DATA_DIR: join(folder, 'refused'), ...settings })
    expect(stderr).toMatch(/^mailgateway: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(code).toBe(1)
    expect(`${stdout}${stderr}`).not.toContain('geheim')
  }

  test.each([
    ['auth_server', 'MAILGATEWAY_AUTH_SERVER_PORT', 'MAILGATEWAY_SERVER_PORT'],
    ['server', 'MAILGATEWAY_SERVER_PORT', 'MAILGATEWAY_AUTH_SERVER_PORT'],
  ])('a port of %s in use', async (section, taken, other) => {
    const port = await chooseFreePort()
    const squatter = createServer().listen(port, '127.0.0.1')
    await once(squatter, 'listening')
    const settings = {
      [taken]: String(port),
      [other]: String(await chooseFreePort()),
      MAILGATEWAY_LOG_LEVEL: 'info',
    }
    await refused(
      settings,
      new RegExp(`: ${section}: cannot listen on 127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\)`),
    )
    squatter.close()
    expect(readdirSync(join(folder, 'refused'))).not.toContain('control.sock')
  })

  test.each([
    [{ DATABASE_URL: 'mysql://joe:geheim@127.0.0.1:1/x' }, /MAILGATEWAY_SECRET_KEY: all gateways on one/],
    [withSecret({ DATABASE_URL: 'mysql://joe:geheim@127.0.0.1:1/x' }), /DATABASE_URL.*nobody listens on 127/],
    [{ DATABASE_URL: 'sqlite:/missing/x.db' }, /cannot use \/missing \(ENOENT\); name a folder/],
    [{ MAILGATEWAY_AUTH_SERVER_PROT: '1' }, /MAILGATEWAY_AUTH_SERVER_PROT: unknown setting; did you mean/],
    [
      { MAILGATEWAY_DATA_DIR: `/tmp/${'x'.repeat(120)}` },
      /MAILGATEWAY_DATA_DIR: .* too long; use at most 94/,
    ],
  ])('%j', refused)

  test('a data folder that cannot be made, or is a file', async () => {
    const file = join(folder, 'a file')
    writeFileSync(file, '')
    for (const dataDir of [file, join(file, 'data')])
      await refused(
        { MAILGATEWAY_DATA_DIR: dataDir },
        /MAILGATEWAY_DATA_DIR: cannot use .* \((EEXIST|ENOTDIR)\)/,
      )
  })

  test('a damaged secret, a damaged database, one of a newer version', async () => {
    const dataDir = join(folder, 'damaged')
    mkdirSync(dataDir)
    const [secret, database] = [join(dataDir, 'secret.key'), join(dataDir, 'mailgateway.db')]
    writeFileSync(secret, 'short')
    await refused({ MAILGATEWAY_DATA_DIR: dataDir }, /secret\.key is damaged: .* restore it or remove it/)
    rmSync(secret)
    writeFileSync(database, 'This is some text, and it is no database. '.repeat(50))
    await refused({ MAILGATEWAY_DATA_DIR: dataDir }, /mailgateway\.db cannot be used: file is not a database/)
    rmSync(database)
    expect((await run({ MAILGATEWAY_DATA_DIR: dataDir }, ['migrate', 'up'])).code).toBe(0)
    const { db, close } = openSqlite(database)
    await sql`insert into kysely_migration values ('9998-later', '2030-01-01T00:00:00.000Z')`.execute(db)
    await close()
    await refused({ MAILGATEWAY_DATA_DIR: dataDir }, /made by a newer version: .* migration 9998-later;/)
  })
})

test('a Node that is too old gets one line, not a stack trace', async () => {
  const version = async (file: string) => {
    const child = spawn(file, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] })
    return (await text(child.stdout)).trim()
  }
  const installed = ['/usr/bin/node', '/usr/local/bin/node'].filter(existsSync)
  const versions = await Promise.all(installed.map(version))
  const old = installed.find((_, i) => /^v(?:1\d|20|21)\./.test(versions[i]!))
  // Where no old one is installed, this one pretends to be.
  const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.17.9'}})`
  const program = old ? [old] : [process.execPath, '--import', pretend]
  const { code, stdout, stderr } = await run({}, ['start'], program)
  expect(stderr).toMatch(/^MailGateway needs Node 22\.18 or later, this is v[\d.]+\. [^\n]+\n$/)
  expect([code, stdout]).toEqual([1, ''])
})
