/** The whole way of a backup: taken while people log in, restored elsewhere, put to use. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openForReading, openSqlite } from '../../lib/database/open.ts'
import { ask, nginxLines } from './ask.ts'
import { codeFor } from './authenticator.ts'
import { type Gateway, runCommand, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { readVerdict, tryLogin } from './mail-user.ts'
import { seedFolder, seedPassword } from './seed.ts'

// Each command is a process of its own, which takes a second to start on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const users = Array.from({ length: 16 }, (_, i) => ({ name: `user${i}@example.com`, cost: 4 }))
const [firstUser] = users.map(({ name }) => name) as [string]

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-backup-'))
const inFolder = (name: string) => join(folder, name)
const data = inFolder('data')
let greeters: Greeters
let gateway: Gateway

beforeAll(async () => {
  greeters = await startGreeters()
  await seedFolder(data, users, greeters.ports)
  gateway = await startGateway(data)
})
afterAll(async () => {
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

const restoreInto = (target: string, file: string) =>
  runCommand({ MAILGATEWAY_DATA_DIR: target }, ['restore', file])

/** Logs in without a pause, each time from another address, until told to end; tells the addresses of those let in. */
function keepLoggingIn() {
  const letIn: string[] = []
  let ended = false
  let last = 0
  const repeat = async ({ name }: { name: string }) => {
    while (!ended) {
      const address = `10.0.${last >> 8}.${last++ & 255}`
      if ((await tryLogin(gateway.ports.nginx, name, address)) === 'yes') letIn.push(address)
    }
  }
  const everyone = Promise.all(users.map(repeat))
  const end = async () => {
    ended = true
    await everyone
  }
  return { letIn, end }
}

async function readDatabase(file: string) {
  const { db, close } = openForReading(file)
  const checks = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db)
  const rows = await db.selectFrom('auth_log').select('client_address').execute()
  const tables = await db.introspection.getTables()
  await close()
  return {
    integrity: checks.rows,
    addresses: new Set(rows.map(row => row.client_address)),
    tables: tables.map(({ name }) => name),
  }
}

test('taken under load it holds every login that was answered before, and works elsewhere', async () => {
  const file = inFolder('taken-under-load')
  const load = keepLoggingIn()
  await expect.poll(() => load.letIn.length, { timeout: 20_000 }).toBeGreaterThan(200)
  const before = [...load.letIn]
  const { json } = await gateway.mustCli(['backup', file, '--json'])
  const during = load.letIn.length - before.length
  await load.end()
  console.log(`${before.length} logins before the backup, ${during} while it was made`)
  expect(during).toBeGreaterThan(50)
  expect(json).toMatchObject({ file, bytes: statSync(file).size, holdsSecret: true })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder).sort()).toEqual(['data', 'taken-under-load'])

  const backup = await readDatabase(file)
  expect(backup.integrity).toEqual([{ integrity_check: 'ok' }])
  expect(before.filter(address => !backup.addresses.has(address))).toEqual([])

  const target = inFolder('restored')
  const { code, stdout, stderr } = await restoreInto(target, file)
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^restored .*taken-under-load, made at 20\d\d-[\d: .-]+ UTC\n$/)
  expect(readFileSync(join(target, 'secret.key'))).toEqual(readFileSync(join(data, 'secret.key')))
  for (const name of ['secret.key', 'mailgateway.db'])
    expect([name, statSync(join(target, name)).mode & 0o777]).toEqual([name, 0o600])
  expect(statSync(target).mode & 0o777).toBe(0o700)
  const restored = await readDatabase(join(target, 'mailgateway.db'))
  expect(restored.addresses).toEqual(backup.addresses)
  expect(restored.tables).not.toContain('mailgateway_backup')
  const secret = readFileSync(join(data, 'secret.key'), 'utf8').trim()
  expect(readFileSync(join(target, 'mailgateway.db')).includes(secret)).toBe(false)
  expect(readFileSync(file).includes(secret)).toBe(true)
  expect(`${stdout}${JSON.stringify(json)}`).not.toContain(secret)

  await using second = await startGateway(target)
  expect(await tryLogin(second.ports.nginx, firstUser)).toBe('yes')
})

test('one-time codes go on: what is sealed opens, and a string that a client has stored stays good', async () => {
  const enrol = async (name: string) => {
    const { json } = await gateway.mustCli(
      ['user', 'add', name, '--totp', '--password-stdin', '--json'],
      seedPassword,
    )
    return (json as { otpauth: string }).otpauth
  }
  const send = async ({ ports }: Gateway, user: string, password: string) =>
    readVerdict(await ask(ports.nginx, nginxLines({ user, password })))
  const [stored, fresh] = ['stored@example.com', 'fresh@example.com']
  const [storedUrl, freshUrl] = [await enrol(stored), await enrol(fresh)]
  const text = seedPassword + codeFor(storedUrl, Date.now())
  expect(await send(gateway, stored, text)).toBe('yes')
  await gateway.mustCli(['backup', inFolder('with-codes')])
  const target = inFolder('restored-with-codes')
  expect((await restoreInto(target, inFolder('with-codes'))).stderr).toBe('')
  await using second = await startGateway(target)
  expect(await send(second, stored, text)).toBe('yes')
  expect(await send(second, fresh, seedPassword)).toBe('no')
  expect(await send(second, fresh, seedPassword + codeFor(freshUrl, Date.now()))).toBe('yes')
})

describe('refused, with nothing changed', () => {
  const refused = (result: { code: number | null; stderr: string }, message: RegExp) => {
    expect(result.stderr).toMatch(/^mailgateway: [^\n]+\n$/)
    expect(result.stderr).toMatch(message)
    expect(result.code).toBe(1)
  }
  const sound = inFolder('sound')

  beforeAll(async () => {
    await gateway.mustCli(['backup', sound])
  })

  test('a backup over anything that exists, or beside one that is being made', async () => {
    const before = readFileSync(sound)
    refused(
      await gateway.cli(['backup', sound]),
      /sound exists; give another name: a backup never overwrites/,
    )
    expect(readFileSync(sound)).toEqual(before)
    writeFileSync(inFolder('other.part'), '')
    refused(await gateway.cli(['backup', inFolder('other')]), /other\.part exists; another backup is being/)
    rmSync(inFolder('other.part'))
  })

  test('a backup of nothing, which makes no folder', async () => {
    const env = { MAILGATEWAY_DATA_DIR: inFolder('mistyped') }
    refused(await runCommand(env, ['backup', inFolder('of-nothing')]), /there is no database .*mistyped/)
    expect([existsSync(inFolder('mistyped')), existsSync(inFolder('of-nothing'))]).toEqual([false, false])
  })

  test('a backup without the secret that its rows need', async () => {
    const keyless = mkdtempSync(inFolder('lost-key-'))
    writeFileSync(join(keyless, 'mailgateway.db'), '')
    const result = await runCommand({ MAILGATEWAY_DATA_DIR: keyless }, ['backup', inFolder('half')])
    refused(result, /secret\.key is missing, .* bring it back first/)
  })

  test('a backup onto a full disk leaves no part of it', async () => {
    const file = inFolder('too-big')
    const env = { MAILGATEWAY_DATA_DIR: data }
    refused(await runCommand(env, ['backup', file], { mostKib: 64 }), /disk|full|large/)
    expect(readdirSync(folder).filter(name => name.startsWith('too-big'))).toEqual([])
  })

  test('restore into the folder of a running gateway', async () => {
    refused(await restoreInto(data, sound), /another gateway or command is using/)
    expect(await tryLogin(gateway.ports.nginx, firstUser)).toBe('yes')
  })

  test.each(['mailgateway.db', 'mailgateway.db-wal', 'secret.key'])('restore over a %s', async name => {
    const target = mkdtempSync(inFolder('occupied-'))
    writeFileSync(join(target, name), 'something of value')
    refused(await restoreInto(target, sound), new RegExp(`${name} exists; restore into an empty data folder`))
    expect(readFileSync(join(target, name), 'utf8')).toBe('something of value')
    expect(readdirSync(target).sort()).toEqual([name, 'mailgateway.db.lock'].sort())
  })

  test('restore of what is no sound backup', async () => {
    const target = inFolder('untouched')
    const cut = inFolder('cut')
    writeFileSync(cut, readFileSync(sound))
    truncateSync(cut, statSync(cut).size - 8_192)
    const flipped = inFolder('flipped')
    const bytes = readFileSync(sound)
    bytes.fill(0xff, 3 * 4_096, 4 * 4_096)
    writeFileSync(flipped, bytes)
    const noise = inFolder('noise')
    writeFileSync(noise, 'no database at all '.repeat(1_000))
    for (const file of [cut, flipped, noise]) refused(await restoreInto(target, file), /is no sound backup: /)
    refused(await restoreInto(target, join(data, 'mailgateway.db')), /was not made by mailgateway backup/)
    refused(await restoreInto(target, inFolder('missing')), /there is no file .*missing/)
    expect(existsSync(target)).toBe(false)
  })
})

test('Ctrl-C while it is written leaves nothing', async () => {
  const large = inFolder('large')
  mkdirSync(large)
  writeFileSync(join(large, 'secret.key'), 'x'.repeat(40))
  const { db, close } = openSqlite(join(large, 'mailgateway.db'))
  await sql`create table many as with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
    select i, hex(randomblob(500)) as filling from n`.execute(db)
  await close()
  const file = inFolder('interrupted')
  const env = { ...process.env, MAILGATEWAY_DATA_DIR: large }
  const child = spawn(process.execPath, ['infra/cli/mailgateway.js', 'backup', file], { env })
  const ended = once(child, 'exit')
  const written = () => statSync(`${file}.part`, { throwIfNoEntry: false })?.size ?? 0
  await expect.poll(written, { timeout: 20_000, interval: 5 }).toBeGreaterThan(100_000)
  child.kill('SIGINT')
  await ended
  expect(child.signalCode).toBe('SIGINT')
  expect(readdirSync(folder).filter(name => name.startsWith('interrupted'))).toEqual([])
})

test('a name without a folder means the folder that the user is in, also when npm starts the command', async () => {
  const env = { MAILGATEWAY_DATA_DIR: data, INIT_CWD: mkdtempSync(inFolder('home-')) }
  expect((await runCommand(env, ['backup', 'named'])).stderr).toBe('')
  expect(readdirSync(env.INIT_CWD)).toEqual(['named'])
})

test('with the secret in the environment the backup says that it is kept elsewhere', async () => {
  const env = {
    MAILGATEWAY_DATA_DIR: data,
    MAILGATEWAY_SECRET_KEY: 'kept by the platform: 32 characters or more',
  }
  const { stdout } = await runCommand(env, ['backup', inFolder('keyless')])
  expect(stdout).toContain('MAILGATEWAY_SECRET_KEY is not in it')
  const target = inFolder('without-key')
  mkdirSync(target)
  expect((await restoreInto(target, inFolder('keyless'))).stdout).toContain('with the MAILGATEWAY_SECRET_KEY')
  expect(existsSync(join(target, 'secret.key'))).toBe(false)
})
