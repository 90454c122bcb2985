import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { migrations } from '../../migrations/index.ts'
import { ask, nginxLines } from '../e2e/ask.ts'
import { type CliResult, type Gateway, startGateway } from '../e2e/gateway.ts'
import { type Greeters, startGreeters } from '../e2e/greeter.ts'
import { addBackendCommands } from './backend-commands.ts'
import { addBackupCommands } from './backup-commands.ts'
import { addDoctorCommand } from './doctor-command.ts'
import { addLogCommands } from './log-commands.ts'
import { addProcessCommands } from './process-commands.ts'
import { addUserCommands } from './user-commands.ts'

// Each command is a process of its own, which takes a second to start on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const command = fileURLToPath(new URL('mailgateway.js', import.meta.url))
const name = 'joe@example.com'
const password = 'correct horse battery'

let folder: string
let gateway: Gateway
let greeters: Greeters

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-cli-'))
  greeters = await startGreeters()
  gateway = await startGateway(join(folder, 'data'), {
    settings: { MAILGATEWAY_JWT_SECRET: 'a very secret secret of our own', MAILGATEWAY_LOG_LEVEL: 'warn' },
  })
})
afterAll(async () => {
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

const cli = (args: string, input?: string) => gateway.cli(args.split(' '), input)
const mustCli = (args: string, input?: string) => gateway.mustCli(args.split(' '), input)

/** Exit code 1, one line that says why, nothing where programs read. */
function expectRefusal({ code, stdout, stderr }: CliResult, message: RegExp): void {
  expect(stderr).toMatch(/^mailgateway: [^\n]+\n$/)
  expect(stderr.slice('mailgateway: '.length, -1)).toMatch(message)
  expect([code, stdout]).toEqual([1, ''])
}

/** `in`, or the start of the text that the mail client gets. */
async function login(protocol = 'imap', pass = password): Promise<string> {
  const { headers } = await ask(gateway.ports.nginx, nginxLines({ user: name, password: pass, protocol }))
  const status = headers['auth-status'] ?? ''
  return status === 'OK' ? 'in' : status.split(' ')[0]!
}

const refused = '[AUTHENTICATIONFAILED]'

test('every change is effective at the next login of the running gateway', async () => {
  const { imap } = greeters.ports
  const place = `imap:127.0.0.1:${imap}`
  expect(await login()).toBe(refused)
  await mustCli(`user add JOE@Example.com --owner Joe --password-stdin`, `${password}\n`)
  expect(await login()).toBe('[UNAVAILABLE]')
  await mustCli(`backend add --protocol imap --host 127.0.0.1 --port ${imap}`)
  expect(await login()).toBe('in')

  await mustCli(`user set ${name} --protocols smtp,pop3`)
  expect(await login()).toBe(refused)
  await mustCli(`user set ${name} --protocols imap`)
  expect(await login()).toBe('in')

  await mustCli(`user disable ${name}`)
  expect(await login()).toBe(refused)
  await mustCli(`user enable ${name}`)
  expect(await login()).toBe('in')

  await mustCli(`user set-password ${name} --password-stdin`, 'another password')
  expect(await login()).toBe(refused)
  expect(await login('imap', 'another password')).toBe('in')
  await mustCli(`user set-password ${name} --password-stdin`, password)

  await mustCli(`backend drain ${place}`)
  expect(await login()).toBe('[UNAVAILABLE]')
  await mustCli(`backend set ${place} --state active`)
  expect(await login()).toBe('in')
  await mustCli(`backend set ${place} --pool p1`)
  expect(await login()).toBe('[UNAVAILABLE]')
  await mustCli(`user set ${name} --pool p1`)
  expect(await login()).toBe('in')

  await mustCli(`user delete Joe@example.COM`)
  expect(await login()).toBe(refused)
  await mustCli(`backend remove ${place} --force`)
})

test('the log, newest first, narrowed by every option', async () => {
  await ask(gateway.ports.nginx, nginxLines({ user: 'evil\x1b[31m@example.com', password }))
  const all = (await mustCli('log search --json')).json as { user: string; time: number; result: string }[]
  expect(all.length).toBeGreaterThan(5)
  expect(all.map(row => row.time)).toEqual(all.map(row => row.time).toSorted((a, b) => b - a))
  const narrowed = (
    await mustCli(`log search --since 1h --result failed --limit 2 --user JOE@example.com --json`)
  ).json as typeof all
  expect(narrowed).toHaveLength(2)
  for (const row of narrowed) expect(row).toMatchObject({ user: name, result: 'failed' })
  const { stdout } = await mustCli('log search --since 1h')
  expect(stdout).toMatch(/^TIME \(UTC\) +USER +PROTOCOL +FROM +RESULT +WHY +BACKEND +TOOK\n/)
  expect(stdout).toMatch(
    /joe@example\.com +imap +192\.0\.2\.7 +success +right password +127\.0\.0\.1:\d+ +\d+ ms/,
  )
  expect(stdout).toContain('right password, but the mailbox is disabled')
  expect(stdout).not.toContain('\x1b')
  expect((await mustCli('log search --user nobody@example.com')).stdout).toBe('no attempts\n')
})

const other = 'jane@example.com'

test('mailboxes, for people', async () => {
  const say = async (args: string) => (await mustCli(args, password)).stdout
  expect(await say(`user add ${other} --password-stdin`)).toBe(`added ${other}\n`)
  expect(await say(`user add kim@example.com --password-stdin`)).toBe('added kim@example.com\n')
  const list = await say('user list example.com --limit 1')
  expect(list).toMatch(
    /^NAME +STATE +PROTOCOLS +CODES +POOL +OWNER\njane@example\.com +enabled +imap,pop3,smtp\n/,
  )
  const [, after] = /\n1 of \d shown; go on with --after (\S+)\n$/.exec(list) ?? []
  expect(await say(`user list example.com --after ${after}`)).toMatch(
    /^NAME.*\n(?:joe@[^\n]*\n)?kim@example\.com [^\n]*\n$/,
  )
  expect(await say(`user show ${other}`)).toMatch(/^name +jane@example\.com\nlogin at backend +jane@/)
  expect(await say(`user disable ${other}`)).toBe(`disabled ${other}\n`)
  for (const each of [other, 'kim@example.com'])
    expect(await say(`user delete ${each}`)).toBe(`deleted ${each}\n`)
})

test('refusals: exit code 1, one line, nothing where programs read', async () => {
  expectRefusal(await cli(`user add ${other} --password-stdin`, 'short'), /^password needs at least 8/)
  const both = await cli(`user add ${other} --password-stdin --protocols imaps,mapi`, password)
  expectRefusal(both, /^protocols\.0 must be one of imap, pop3, smtp; protocols\.1 must be/)
  expectRefusal(await cli(`user set ${other}`), /^nothing to change: give owner, protocols, pool or enabled$/)
  expectRefusal(await cli(`user list --limit 0`), /^limit must be 1 to 1000$/)
  expectRefusal(await cli('log search --result maybe --json'), /^result must be success or failed$/)
  expectRefusal(await cli('backend drain 192.0.2.1:143'), /^no backend matches "192\.0\.2\.1:143"; give/)
  expectRefusal(
    await cli('backend add --protocol imap --host a_b! --port 143'),
    /^host must be a DNS name or an IP/,
  )
})

describe.each(['with a running gateway', 'without one'])('%s', mode => {
  beforeAll(async () => {
    if (mode === 'without one') await gateway.stop()
  })

  test('mailboxes, as JSON', async () => {
    const jane = { name: other, owner: '', enabled: true, protocols: ['imap', 'smtp'], pool: null }
    const added = await mustCli(
      `user add ${other} --protocols smtp,imap --password-stdin --json`,
      `${password}\r\n`,
    )
    expect(added.json).toMatchObject(jane)
    expect(added.stdout).not.toMatch(/\$2b\$|hash/)
    expect((await mustCli('user list JANE --json')).json).toMatchObject({
      items: [jane],
      next: null,
      total: 1,
    })
    expect((await mustCli('user list nobody --json')).json).toEqual({ items: [], next: null, total: 0 })
    expect((await mustCli(`user set ${other} --owner Jane --pool p1 --json`)).json).toMatchObject({
      owner: 'Jane',
      pool: 'p1',
    })
    expect((await mustCli(`user set ${other} --pool - --json`)).json).toMatchObject({ pool: null })
    expect((await mustCli(`user disable ${other} --json`)).json).toMatchObject({ enabled: false })
    expect((await mustCli(`user enable ${other} --json`)).json).toMatchObject({ enabled: true })
    const changed = await mustCli(`user set-password ${other} --password-stdin --json`, 'another one')
    expect(changed.json).toMatchObject({ name: other })
    expect((await mustCli(`user show ${other} --json`)).json).toMatchObject(changed.json as object)
    expect((await mustCli(`user unlock ${other} --json`)).json).toMatchObject({ name: other, guesses: 0 })
    expect((await mustCli(`user delete ${other} --json`)).json).toEqual({ deleted: other })
    expectRefusal(await cli(`user show ${other} --json`), /^there is no mailbox jane@example\.com$/)
  })

  test('backends', async () => {
    const { pop3 } = greeters.ports
    const added = await mustCli(
      `backend add --protocol pop3 --host 127.0.0.1 --port ${pop3} --weight 5 --json`,
    )
    expect(added.json).toMatchObject({ backend: { port: pop3, weight: 5, tier: 0 }, warning: null })
    const { id } = (added.json as { backend: { id: string } }).backend
    expect((await mustCli('backend list --json')).json).toMatchObject([{ id, state: 'active' }])
    expect((await mustCli('backend list')).stdout).toMatch(
      new RegExp(`^PROTOCOL +PLACE .*\npop3 +127\\.0\\.0\\.1:${pop3} +active +0 +5 .*${id}\n$`),
    )
    const assigned = await mustCli(`backend set ${id.slice(-6)} --tier 3 --domain Example.org --json`)
    expect(assigned.json).toMatchObject({ backend: { tier: 3, domain: 'example.org' } })
    expect((await mustCli(`backend drain ${id} --json`)).json).toMatchObject({
      backend: { state: 'draining' },
    })
    const checked = await mustCli(`backend check 127.0.0.1:${pop3} --json`)
    expect(checked.json).toMatchObject({ backend: { id }, checks: [{ outcome: { kind: 'good' } }] })
    const moved = await mustCli(`backend set ${id} --port 993 --domain - --json`)
    expect(moved.json).toMatchObject({
      backend: { domain: null },
      warning: expect.stringContaining('TLS'),
    })
    expect((await mustCli(`backend history ${id} --json`)).json).toEqual(expect.any(Array))
    expect((await mustCli('backend share --span day')).stdout).toMatch(
      /^PROTOCOL +PLACE +LOGINS +SHARE\npop3 /,
    )
    const lost = await cli('backend preview joe@example.com --protocol pop3')
    expect([lost.code, lost.stdout]).toEqual([1, expect.stringMatching(/no active|make one active/)])
    const failed = await cli(`backend check ${id}`)
    expect(failed.code).toBe(1)
    expect(failed.stdout).toMatch(/^pop3 127\.0\.0\.1:993\nADDRESS +GREETING\n127\.0\.0\.1 +\S/)
    expect((await mustCli(`backend remove ${id} --json`)).json).toMatchObject({ removed: { id } })
    expect((await mustCli('backend list')).stdout).toBe('no backends\n')
  })

  test('a log search', async () => {
    const rows = (await mustCli('log search --result success --limit 1 --json')).json
    expect(rows).toMatchObject([{ user: name, result: 'success', reason: 'ok' }])
  })
})

describe('the process commands', () => {
  test('migrate up, status and down, the gateway being stopped', async () => {
    await gateway.stop()
    const all = Object.keys(migrations)
    const newest = all.at(-1)!
    const applied = all.map(each => ({ name: each, appliedAt: expect.stringMatching(/Z$/) }))
    expect((await mustCli('migrate up')).stdout).toBe('nothing to do\n')
    expect((await mustCli('migrate status --json')).json).toEqual(applied)
    expect((await mustCli('migrate down --json')).json).toEqual([{ name: newest, direction: 'Down' }])
    expect((await mustCli('migrate status')).stdout).toMatch(
      new RegExp(`^MIGRATION +APPLIED\n[^]*${newest} +no\n$`),
    )
    expect((await mustCli('migrate up')).stdout).toBe(`applied  ${newest}\n`)
  })

  test('config print shows values with their sources, and no secret', async () => {
    const { stdout } = await mustCli('config print')
    expect(stdout).toMatch(/^SETTING +VALUE +SOURCE\n/)
    expect(stdout).toMatch(
      new RegExp(`\nauth_server\\.port +${gateway.ports.nginx} +environment MAILGATEWAY_AUTH_SERVER_PORT\n`),
    )
    expect(stdout).toMatch(/\njwt\.secret +\*{8} +environment MAILGATEWAY_JWT_SECRET\n/)
    expect(stdout).toMatch(/\nauth\.fail_ttl +\S+ +conf\/config\.yaml\n/)
    const rows = (await mustCli('config print --json')).json
    expect(rows).toContainEqual({
      key: 'jwt.secret',
      value: '********',
      source: 'environment MAILGATEWAY_JWT_SECRET',
    })
    expect(JSON.stringify(rows) + stdout).not.toContain('very secret')
  })
})

test('what is not understood: exit code 2, why, and the help of that command', async () => {
  const attempts: [args: string, why: RegExp][] = [
    ['user add', /^error: missing required argument 'name'\n\nUsage: mailgateway user add /],
    ['user add joe --password geheim', /^error: unknown option '--password'\n\nUsage: mailgateway user add /],
    ['user frobnicate', /^error: unknown command 'frobnicate'\n\nUsage: mailgateway user /],
    ['log search --since soon', /^error: option '--since <time>' argument 'soon' is invalid\. Give a time/],
    ['backend add --protocol imap', /^error: required option '--host <h>' not specified\n\nUsage: /],
    ['user', /^Usage: mailgateway user /],
  ]
  for (const [args, why] of attempts) {
    const { code, stdout, stderr } = await cli(args)
    expect(stderr).toMatch(why)
    expect([args, code, stdout]).toEqual([args, 2, ''])
  }
})

test('help is no failure, and says what the exit codes mean', async () => {
  const { stdout, stderr } = await mustCli('--help')
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^Usage: mailgateway /)
  expect(stdout).toMatch(/Exit code: 0 done, 1 refused or failed .*, 2 /)
})

test('every command and option explains itself, and every command can answer as JSON', () => {
  const program = new Command()
  addProcessCommands(program)
  addUserCommands(program)
  addBackendCommands(program)
  addLogCommands(program)
  addBackupCommands(program)
  addDoctorCommand(program)
  const walk = (each: Command): Command[] => [each, ...each.commands.flatMap(walk)]
  const leaves = walk(program).filter(each => each.commands.length === 0)
  expect(leaves.length).toBeGreaterThanOrEqual(20)
  for (const leaf of leaves) {
    const path = `${leaf.parent?.name()} ${leaf.name()}`
    expect([path, leaf.description()]).toEqual([path, expect.stringMatching(/.{10}/)])
    for (const option of leaf.options)
      expect([path, option.flags, option.description]).toEqual([
        path,
        option.flags,
        expect.stringMatching(/.{5}/),
      ])
    // What an export writes is for other programs as it is.
    if (!['start', 'export'].includes(leaf.name()))
      expect([path, leaf.options.map(o => o.long)]).toContainEqual(expect.arrayContaining(['--json']))
  }
})

describe('passwords', () => {
  const env = () => ({ ...process.env, MAILGATEWAY_DATA_DIR: join(folder, 'prompt') })

  /** Types each text when the terminal shows the prompt before it; gives all that the terminal has shown. */
  async function type(args: string, steps: [prompt: string, text: string][]) {
    const line = [process.execPath, command, ...args.split(' ')].map(part => `'${part}'`).join(' ')
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: env(), stdio: 'pipe' })
    let shown = ''
    let next = 0
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      shown += chunk
      const step = steps[next]
      if (!step || !shown.includes(step[0])) return
      next++
      child.stdin.write(step[1])
    })
    await once(child, 'close')
    return { code: child.exitCode, shown }
  }

  test('the prompt asks twice and shows nothing of it', async () => {
    const { code, shown } = await type('user add prompt@example.com', [
      ['Password: ', 'pässwörd typed\r'],
      ['Again: ', 'pässwörd typed\r'],
    ])
    expect(shown).toBe('Password: \r\nAgain: \r\nadded prompt@example.com\r\n')
    expect(code).toBe(0)
  })

  test('both lines pasted at once are both read', async () => {
    const { code, shown } = await type('user add pasted@example.com', [
      ['Password: ', 'correct horse\rcorrect horse\r'],
    ])
    expect([code, shown]).toEqual([0, 'Password: \r\nAgain: \r\nadded pasted@example.com\r\n'])
  })

  test.each([
    ['two that differ', 'correct horse\rcorrect hose\r', /was not typed the same twice; nothing/],
    ['Ctrl-C', '\x03', /was not given; nothing has been changed/],
    ['Ctrl-D', '\x04', /was not given; nothing has been changed/],
    ['the first one fetched back with the arrow key', 'correct horse\r\x1b[A\r', /not typed the same twice/],
  ])('%s: nothing is done', async (_, typed, message) => {
    const { code, shown } = await type('user add not@example.com', [['Password: ', typed]])
    expect(code).toBe(1)
    expect(shown).toMatch(message)
    expect(shown).not.toContain('horse')
  })

  test('without a terminal, and in bytes that are no text: refused', async () => {
    const run = async (args: string[], input: Buffer) => {
      const child = spawn(process.execPath, [command, ...args], { env: env() })
      child.stdin.end(input)
      const [stdout, stderr] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ])
      return { code: child.exitCode, stdout, stderr, json: undefined }
    }
    const add = ['user', 'add', 'not@example.com']
    expectRefusal(await run(add, Buffer.from(password)), /cannot be asked for without a terminal/)
    const latin1 = await run([...add, '--password-stdin'], Buffer.from('pässwörd', 'latin1'))
    expectRefusal(latin1, /^password is not UTF-8 text/)
    const found = await run(['user', 'list', 'not@', '--json'], Buffer.alloc(0))
    expect(JSON.parse(found.stdout)).toMatchObject({ items: [] })
  })

  test('nobody reads the output: no failure, no stack trace', async () => {
    const child = spawn(process.execPath, [command, 'config', 'print'], { env: env() })
    child.stdout.destroy()
    const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')])
    expect([child.exitCode, stderr]).toEqual([0, ''])
  })
})
