/** Every reason: provoked, explained by `try`, and lifted by the command that `try` names, as a shell runs it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Reason, reasons } from '../../lib/login/reasons.ts'
import { codeAt } from '../../lib/mailbox/codes.ts'
import { addMailbox, setEnabled, setMailbox } from '../../lib/mailbox/manage.ts'
import { HashBusy } from '../../lib/mailbox/passwords.ts'
import { stepAt } from '../../lib/mailbox/rules.ts'
import { closeGracefully } from '../../lib/runtime/listen.ts'
import { ask, nginxLines } from '../e2e/ask.ts'
import { startGateway } from '../e2e/gateway.ts'
import { type Guarded, openGuarded } from '../e2e/guarded.ts'
import {
  guess,
  guessSlowly,
  hour,
  minute,
  newName,
  newPlace,
  newUser,
  newUserAt,
  password,
  spray,
} from '../e2e/guessers.ts'
import { createControl, listenForCommands } from './control.ts'
import { type Trial, tryLogin } from './try.ts'
import { verbs } from './verbs.ts'

// Each command is a process of its own.
vi.setConfig({ testTimeout: 120_000 })

let gateway: Guarded
let control: ReturnType<typeof createControl>
let verify: () => Promise<void> = async () => {}

beforeAll(async () => {
  gateway = await openGuarded({}, async (text, hash) => {
    await verify()
    return hash === `plain ${text}`
  })
  control = createControl(gateway.services())
  await listenForCommands(control, join(gateway.folder, 'control.sock'))
})
afterAll(async () => {
  await closeGracefully(control, 1_000)
  await gateway?.close()
})

interface Question {
  user: string
  password?: string | null
  address?: string | null
  protocol?: string
}

const command = fileURLToPath(new URL('../cli/mailgateway.js', import.meta.url))
/** Runs a line as somebody would who has pasted it, with a password on its standard input. */
async function paste(line: string): Promise<void> {
  const script = `mailgateway() { ${process.execPath} ${command} "$@"; }; ${line}`
  const run = promisify(execFile)('bash', ['-c', script], {
    env: { PATH: process.env.PATH, MAILGATEWAY_DATA_DIR: gateway.folder },
  })
  run.child.stdin!.end(password)
  await run
}

const askAbout = ({ user, password: text = password, address = newPlace(), protocol = 'imap' }: Question) =>
  tryLogin(gateway.services(), { user, protocol, address, password: text })

async function owner() {
  const name = newName()
  const added = await addMailbox(gateway.services(), { name, password, totp: true })
  const secret = new URL('otpauth' in added ? added.otpauth : '').searchParams.get('secret')!
  return { name, code: (offset = 0) => codeAt(secret, stepAt(gateway.now()) + offset) }
}

let backends = 0
const addBackend = (input: object) =>
  verbs['backend add'](gateway.services(), { protocol: 'imap', host: '127.0.0.1', ...input })

/** How a reason comes about, and what a shell is to be told besides the command that `try` names. */
const ways: Partial<Record<Reason, () => Promise<Question>>> = {
  wrong_password: async () => {
    const user = await newUser(gateway)
    await addMailbox(gateway.services(), { name: `other-${user}`, password })
    await verbs['user set-password'](gateway.services(), {
      name: user,
      password: 'not the one that is typed',
    })
    return { user }
  },
  unknown_user: async () => ({ user: newName() }),
  disabled: async () => {
    const user = await newUser(gateway)
    await setEnabled(gateway.services(), user, false)
    return { user }
  },
  protocol_not_allowed: async () => {
    const user = await newUser(gateway)
    await setMailbox(gateway.services(), user, { protocols: ['pop3'] })
    return { user, protocol: 'smtp' }
  },
  code_missing: async () => ({ user: (await owner()).name }),
  code_old: async () => {
    const { name, code } = await owner()
    return { user: name, password: password + code(-4) }
  },
  code_spent: async () => {
    const { name, code } = await owner()
    gateway.pass(minute)
    await gateway.ask({ user: name, password: password + code(1), from: newPlace() })
    return { user: name, password: password + code() }
  },
  grant_ended: async () => {
    const { name, code } = await owner()
    await gateway.ask({ user: name, password: password + code(), from: newPlace() })
    await verbs['user revoke'](gateway.services(), { name })
    return { user: name, password: password + code() }
  },
  grant_elsewhere: async () => {
    const { name, code } = await owner()
    await gateway.ask({ user: name, password: password + code(), from: newPlace() })
    return { user: name, password: password + code() }
  },
  password_unsendable: async () => {
    const { name, code } = await owner()
    // As an imported one may be: ours are refused when they are set.
    const changes = { password_hash: `plain ${password} ` }
    await gateway.services().db.updateTable('users').set(changes).where('name', '=', name).execute()
    return { user: name, password: `${password} ${code()}` }
  },
  empty_password: async () => ({ user: await newUser(gateway), password: '' }),
  password_too_long: async () => ({ user: await newUser(gateway), password: 'x'.repeat(80) }),
  bad_name: async () => ({ user: 'joe @' }),
  banned: async () => {
    const address = newPlace()
    await verbs['ban add'](gateway.services(), { cidr: `${address}/28`, duration: hour, reason: 'test' })
    return { user: await newUser(gateway), address }
  },
  banned_automatically: async () => {
    const address = newPlace()
    await spray(gateway, 10, address)
    return { user: await newUser(gateway), address }
  },
  locked: async () => {
    const user = await newUser(gateway)
    for (let n = 0; n < 5; n++) await guess(gateway, user, newPlace())
    return { user }
  },
  locked_here: async () => {
    const address = newPlace()
    const user = await newUserAt(gateway, address)
    for (let n = 0; n < 5; n++) await guess(gateway, user, address)
    return { user, address }
  },
  shut_to_strangers: async () => {
    const user = await newUser(gateway)
    const places = Array.from({ length: 11 }, newPlace)
    await guessSlowly(gateway, user, 100, n => places[n % 11]!)
    return { user }
  },
  many_networks: async () => {
    const user = await newUser(gateway)
    await guessSlowly(gateway, user, 12, newPlace)
    return { user }
  },
  too_many_guesses: async () => {
    const user = await newUser(gateway)
    verify = () => new Promise(() => {})
    for (let n = 0; n < 5; n++) void guess(gateway, user, newPlace())
    await expect
      .poll(async () => (await askAbout({ user, password: 'sixth' })).why?.reason)
      .toBe('too_many_guesses')
    return { user }
  },
  no_backend: async () => {
    const user = await newUser(gateway)
    const pool = `pool${user.length}${Date.now()}`
    await setMailbox(gateway.services(), user, { pool })
    const { backend } = await addBackend({ port: 11_000 + backends++, pool })
    await verbs['backend set'](gateway.services(), { backend: backend.id, changes: { state: 'off' } })
    return { user }
  },
  busy: async () => {
    verify = () => Promise.reject(new HashBusy('a hash would have to wait 7000 ms'))
    return { user: await newUser(gateway) }
  },
  unavailable: async () => {
    const { name, code } = await owner()
    const changes = { totp_secret: 'v1.00000000.x.y' }
    await gateway.services().db.updateTable('users').set(changes).where('name', '=', name).execute()
    return { user: name, password: password + code() }
  },
}

/** Of requests that nginx would have to send: `try` asks as nginx does. The time-out has a test of the login itself. */
const notAsked = new Set([
  'ok',
  'bad_bytes',
  'bad_request',
  'method_not_offered',
  'login_required',
  'timeout',
  'hot_state_away',
  // Of rows that were imported.
  'original_refused',
  'database_away',
])

test('there is a way to every reason that a login can end with', () => {
  expect(
    Object.keys(reasons)
      .filter(reason => !notAsked.has(reason))
      .toSorted(),
  ).toEqual(Object.keys(ways).toSorted())
})

describe('each is named with rule, value, limit, and what lifts it', () => {
  test.each(Object.entries(ways))('%s', async (reason, prepare) => {
    const question = await prepare()
    const asked = { address: newPlace(), ...question }
    const { why, answer, decision } = await askAbout(asked)
    verify = async () => {}
    expect(why).toMatchObject({ reason, meaning: reasons[reason as Reason].meaning })
    for (const text of [why!.rule, why!.value, why!.limit, why!.lift]) expect(text).toMatch(/\S/)
    expect(JSON.stringify(why)).not.toMatch(/undefined|null|NaN|NAME|BAN\b|\[object/)
    expect(decision.kind).toBe(reasons[reason as Reason].kind)
    expect(answer[1]).toMatch(/^Auth-Status: \w|\[/)

    if (!why!.lift.startsWith('mailgateway ')) return
    const needsPassword = /user (add|set-password) /.test(why!.lift)
    await paste(why!.lift + (needsPassword ? ' --password-stdin' : ''))
    const after = await askAbout(asked)
    // With one-time codes a password without a space is still to be typed with its code.
    if (reason === 'password_unsendable') expect(after.why?.reason).toBe('wrong_password')
    else expect(after.why).toBeNull()
  })
})

test('what it says is what the login then is told, and nothing is left behind by asking', async () => {
  const { db, hot } = gateway.services()
  const count = async () => {
    const { rows } = await db
      .selectFrom('auth_log')
      .select(({ fn }) => fn.countAll().as('rows'))
      .executeTakeFirstOrThrow()
    return Number(rows)
  }
  const written: string[] = []
  const apply = vi.spyOn(hot, 'apply')
  for (const [reason, prepare] of Object.entries(ways)) {
    if (['busy', 'too_many_guesses'].includes(reason)) continue
    const asked = { ...(await prepare()) }
    asked.address ??= newPlace()
    const before = await count()
    apply.mockClear()
    const [first, second] = [await askAbout(asked), await askAbout(asked)]
    written.push(
      ...apply.mock.calls
        .flatMap(([ops]) => ops)
        .map(({ op }) => op)
        .filter(op => op !== 'read'),
    )
    expect(second.why?.reason, reason).toBe(first.why?.reason)
    expect(await count()).toBe(before)
    const told = await gateway.ask({
      user: asked.user,
      password: asked.password ?? password,
      from: asked.address,
      protocol: asked.protocol,
    })
    expect(`Auth-Status: ${told.status}`).toBe(first.answer[1])
    expect((await gateway.lastRow()).reason).toBe(reason)
  }
  expect(written).toEqual([])
  apply.mockRestore()
})

test('a login that would be let in: by password, by a fresh code that stays fresh, by a grant, and without a password', async () => {
  const user = await newUser(gateway)
  expect(await askAbout({ user })).toMatchObject({
    why: null,
    password: 'right',
    code: { kind: 'none' },
    decision: { kind: 'accept' },
  })
  expect(await askAbout({ user, password: null })).toMatchObject({ why: null, password: null })
  const { name, code } = await owner()
  const stored = { user: name, password: password + code(), address: newPlace() }
  for (let n = 0; n < 2; n++)
    expect(await askAbout(stored)).toMatchObject({ why: null, code: { kind: 'fresh' } })
  expect(await gateway.ask({ ...stored, from: stored.address })).toMatchObject({ status: 'OK' })
  const trial: Trial = await askAbout(stored)
  expect(trial).toMatchObject({ why: null, code: { kind: 'granted' }, remembered: { grant: true } })
  expect(trial.answer).toContain('Auth-Pass: ********')
  expect(JSON.stringify(trial)).not.toContain(password)
})

test.each([
  ['protocol', { user: 'joe@example.com', protocol: 'http', address: null, password: null }],
  ['address', { user: 'joe@example.com', protocol: 'imap', address: '10.0.0', password: null }],
])('a bad %s is named', async (field, input) => {
  await expect(tryLogin(gateway.services(), input)).rejects.toThrow(new RegExp(`^${field} must be`))
})

test('for people, and byte for byte what the running gateway answers', async () => {
  const folder = join(gateway.folder, 'own')
  await using running = await startGateway(folder)
  await running.do('user add', { name: 'joe@example.com', password })
  const question = ['try', 'JOE@Example.com', 'imap', '--ip', '192.0.2.7', '--password-stdin']
  const { code, stdout } = await running.cli(question, password)
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /^step +found\nname +joe@example\.com\naddress +network 192\.0\.2\.0\/24, not familiar; not banned\n/,
  )
  expect(stdout).toMatch(
    /\ncounters +user 0\/5 in 1m, address 0\/20 in 10m, network 0\/60 in 10m, users tried 0\/10 in 1h, networks 0\/12 in 24h\n/,
  )
  expect(stdout).toMatch(
    /\nNOT NOW +no healthy backend for this mailbox and protocol\nreason +no_backend\nrule +backends for imap\nvalue +none\n/,
  )
  expect(stdout).toMatch(/\nlift +mailgateway backend add --protocol imap --host HOST --port PORT\n/)
  const answer = await ask(running.ports.nginx, nginxLines({ user: 'joe@example.com', password }))
  const [lines = ''] = answer.text.split('\r\nDate: ')
  expect(stdout.split('nginx would get:\n')[1]).toBe(
    `${lines
      .split('\r\n')
      .map(line => `  ${line}`)
      .join('\n')}\n`,
  )
  expect((await running.cli(['try', '--help'])).stdout).toContain('Exit code: 0')
})
