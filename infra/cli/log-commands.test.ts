import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { InvalidArgumentError } from 'commander'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask, nginxLines } from '../e2e/ask.ts'
import { type Gateway, startGateway } from '../e2e/gateway.ts'
import { type Greeters, startGreeters } from '../e2e/greeter.ts'
import { readTime } from './values.ts'

// Each command is a process of its own, which takes a second to start on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const command = fileURLToPath(new URL('mailgateway.js', import.meta.url))
const joe = { user: 'joe@example.com', password: 'correct horse battery' }

interface Row {
  request_id: string
  user: string
  reason: string
  time: number
}

let folder: string
let gateway: Gateway
let greeters: Greeters
const tails: ChildProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-log-'))
  greeters = await startGreeters()
  gateway = await startGateway(join(folder, 'data'), { settings: { MAILGATEWAY_LOG_LEVEL: 'warn' } })
  await gateway.do('user add', { name: joe.user, password: joe.password })
  await gateway.addBackends({ imap: greeters.ports.imap })
  await login('nobody@example.com', 'x', '198.51.100.9', 'smtp')
  await login(joe.user, 'wrong', '192.0.2.7')
  await login(joe.user, joe.password, '192.0.2.7')
})
afterEach(async () => {
  for (const child of tails.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGINT')
    await once(child, 'exit')
  }
})
afterAll(async () => {
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

const login = (user: string, password: string, from: string, protocol = 'imap') =>
  ask(gateway.ports.nginx, nginxLines({ user, password, protocol }, { 'Client-IP': from }))
const environment = (more = {}) => ({ PATH: process.env.PATH, MAILGATEWAY_DATA_DIR: gateway.folder, ...more })

describe('log search', () => {
  const reasonsOf = async (...args: string[]) =>
    ((await gateway.mustCli(['log', 'search', '--json', ...args])).json as Row[]).map(row => row.reason)

  test.each([
    [
      ['--address', '192.0.2.0/24'],
      ['ok', 'wrong_password'],
    ],
    [['--address', '198.51.100.9'], ['unknown_user']],
    [['--protocol', 'smtp'], ['unknown_user']],
    [['--reason', 'wrong_password'], ['wrong_password']],
    [['--user', 'JOE@example.com', '--result', 'success'], ['ok']],
    [
      ['--since', '1h', '--until', '0s'],
      ['ok', 'wrong_password', 'unknown_user'],
    ],
    [['--until', '1h'], []],
    [['--since', '2020-01-01', '--until', '2020-01-01 12:30'], []],
  ])('%j', async (args, reasons) => {
    expect(await reasonsOf(...args)).toEqual(reasons)
  })

  test('by backend', async () => {
    expect(await reasonsOf('--backend', `127.0.0.1:${greeters.ports.imap}`)).toEqual(['ok'])
  })

  test('a full page says how to go on', async () => {
    const { stdout } = await gateway.mustCli(['log', 'search', '--limit', '2'])
    const after = /\n2 shown; go on with --after (\S+)\n$/.exec(stdout)![1]!
    expect(await reasonsOf('--limit', '2', '--after', after)).toEqual(['unknown_user'])
    expect((await gateway.mustCli(['log', 'search', '--limit', '10'])).stdout).not.toContain('--after')
  })

  test('what cannot be meant is refused', async () => {
    const { code, stderr } = await gateway.cli(['log', 'search', '--reason', 'wrong'])
    expect([code, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining('wrong_password')])
    expect((await gateway.cli(['log', 'search', '--since', 'yesterday'])).code).toBe(2)
    const address = await gateway.cli(['log', 'search', '--address', 'example.com'])
    expect(address.stderr).toMatch(/^mailgateway: address must be an address, or a prefix/)
  })

  test('colours on a terminal only, and not with NO_COLOR', async () => {
    expect((await gateway.mustCli(['log', 'search'])).stdout).not.toContain('\x1b')
    const onTerminal = async (more = {}) => {
      const run = `${process.execPath} ${command} log search`
      const env = environment({ TERM: 'xterm', ...more })
      return (await promisify(execFile)('script', ['-qec', run, '/dev/null'], { env })).stdout
    }
    const coloured = await onTerminal()
    expect(coloured).toContain('\x1b[32msuccess\x1b[39m')
    expect(coloured).toContain('\x1b[31mfailed\x1b[39m')
    const plain = await onTerminal({ NO_COLOR: '1' })
    expect(plain).not.toContain('\x1b[3')
    // Colours take no room.
    expect(coloured.replaceAll(/\x1b\[3[129]m/g, '')).toBe(plain)
  })
})

describe('log export', () => {
  test('CSV, with a head, newest first', async () => {
    const { stdout, stderr } = await gateway.mustCli(['log', 'export', '--since', '1h'])
    const lines = stdout.split('\r\n')
    expect(lines[0]).toMatch(/^time,user,client_address,/)
    expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\dT[^,]+Z,joe@example\.com,192\.0\.2\.7,.*,ok,127\.0\.0\.1:/)
    expect([lines.length, stderr]).toEqual([5, '3 rows\n'])
  })

  test('JSON lines, filtered', async () => {
    const { stdout } = await gateway.mustCli(['log', 'export', '--jsonl', '--result', 'failed'])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Row)
    expect(rows.map(({ reason }) => reason)).toEqual(['wrong_password', 'unknown_user'])
  })

  test('nothing found is a head and no rows; two formats are refused', async () => {
    const { stdout } = await gateway.mustCli(['log', 'export', '--user', 'ghost@example.com'])
    expect(stdout.split('\r\n')).toEqual([expect.stringMatching(/^time,/), ''])
    expect((await gateway.cli(['log', 'export', '--csv', '--jsonl'])).code).toBe(2)
  })
})

describe('stats', () => {
  const read = async () =>
    (await gateway.mustCli(['stats', '--json'])).json as {
      total: number
      success: number
      active_users: number
    }

  test('every attempt is counted within seconds', async () => {
    await vi.waitFor(
      async () => expect(await read()).toMatchObject({ total: 3, success: 1, active_users: 1 }),
      {
        timeout: 30_000,
        interval: 500,
      },
    )
    const { stdout } = await gateway.mustCli(['stats', '--since', '1h'])
    expect(stdout).toMatch(/attempts +3\nsucceeded +1 \(33\.3 %\)\nfailed +2 \(66\.7 %\)\nactive users +1 in/)
    expect(stdout).toMatch(/wrong_password +1 +█/)
  })

  test('rebuild leaves the running minutes to the gateway', async () => {
    expect((await gateway.mustCli(['stats', 'rebuild'])).stdout).toMatch(
      /^\d+ attempts? up to .* UTC counted again\n$/,
    )
    expect(await read()).toMatchObject({ total: 3 })
  })
})

test.each([
  ['2026-11-24', Date.UTC(2026, 10, 24)],
  ['2026-11-24 15:00', Date.UTC(2026, 10, 24, 15)],
  ['2026-11-24T15:00:01.5Z', Date.UTC(2026, 10, 24, 15, 0, 1, 500)],
  ['2026-11-24 21:12:07.310', Date.UTC(2026, 10, 24, 21, 12, 7, 310)],
])('the time %s', (text, at) => {
  expect(readTime(text)).toBe(at)
})

test.each(['', 'yesterday', '24.11.2026', '2026-13-01', '2026-11-24 25:00', '15:00', '2026-11-24 15'])(
  '%j is no time',
  text => {
    expect(() => readTime(text)).toThrow(InvalidArgumentError)
  },
)

describe('log tail', () => {
  /** Starts following; `lines` are the complete ones so far. */
  function follow(...args: string[]) {
    const child = spawn(process.execPath, [command, 'log', 'tail', ...args], { env: environment() })
    tails.push(child)
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (part: string) => {
        text[name] += part
      })
    const lines = () => text.stdout.split('\n').slice(0, -1)
    return { child, text, lines, rows: () => lines().map(line => JSON.parse(line) as Row) }
  }
  const eventually = (check: () => void) => vi.waitFor(check, 30_000)

  test('begins with the latest rows, and goes on until Ctrl-C', async () => {
    const { child, text, lines } = follow()
    await eventually(() => expect(lines()).toHaveLength(4))
    expect(lines()[0]).toMatch(/^TIME \(UTC\) +USER +PROTOCOL +FROM +RESULT +WHY/)
    expect(lines()[1]).toMatch(/nobody@example\.com +smtp +198\.51\.100\.9 +failed +there is no such mailbox/)
    expect(lines()[3]).toMatch(/joe@example\.com +imap +192\.0\.2\.7 +success +right password/)
    await login(joe.user, joe.password, '192.0.2.7')
    await eventually(() => expect(lines()).toHaveLength(5))
    child.kill('SIGINT')
    await once(child, 'exit')
    expect(child.signalCode).toBe('SIGINT')
    expect(text.stderr).toBe('')
  })

  test('while quick and slow logins overtake each other, no row is lost or doubled', async () => {
    const { rows } = follow('--json')
    await eventually(() => expect(rows()).not.toEqual([]))
    const before = rows().length
    const count = 300
    const attempts = Array.from({ length: count }, (_, i) =>
      // A wrong password of another user is hashed, which takes its time; the right one is remembered.
      i % 20 === 0
        ? login(`user${i}@example.com`, 'x', `198.18.${i % 250}.1`)
        : login(joe.user, joe.password, '192.0.2.7'),
    )
    await Promise.all(attempts)
    await eventually(() => expect(rows().length).toBeGreaterThanOrEqual(before + count))
    const ids = rows().map(row => row.request_id)
    expect(new Set(ids).size).toBe(ids.length)
    const limit = ['--limit', '10000', '--json']
    const all = (await gateway.mustCli(['log', 'search', ...limit])).json as Row[]
    expect(ids.toSorted()).toEqual(
      all
        .map(row => row.request_id)
        .toSorted()
        .slice(-ids.length),
    )
    // Otherwise a key that follows the time of requests would have done.
    expect(ids.slice(before)).not.toEqual(ids.slice(before).toSorted())
  })

  test('only one mailbox and one result', async () => {
    const { rows } = follow('--json', '--user', 'JOE@example.com', '--result', 'failed')
    await eventually(() => expect(rows()).toHaveLength(1))
    await login('nobody@example.com', 'x', '198.51.100.9')
    await login(joe.user, joe.password, '192.0.2.7')
    await login(joe.user, 'wrong again', '192.0.2.7')
    await eventually(() => expect(rows()).toHaveLength(2))
    expect(rows().map(row => [row.user, row.reason])).toEqual([
      [joe.user, 'wrong_password'],
      [joe.user, 'wrong_password'],
    ])
  })

  test('ends with one line when the gateway does', async () => {
    const { child, text, lines } = follow()
    await eventually(() => expect(lines().length).toBeGreaterThan(1))
    await gateway.stop()
    await once(child, 'exit')
    expect(child.exitCode).toBe(1)
    const message = `mailgateway: no gateway is running with ${gateway.folder}; start one there, or set MAILGATEWAY_DATA_DIR\n`
    expect(text.stderr).toBe(message)
    expect(await gateway.cli(['log', 'tail'])).toMatchObject({ code: 1, stderr: message })
  })
})
