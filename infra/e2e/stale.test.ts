/** Who gets in while MariaDB is away, and for how long what is remembered is believed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { codeAt } from '../../lib/mailbox/codes.ts'
import { addMailbox, setEnabled, setMailbox, setPassword } from '../../lib/mailbox/manage.ts'
import { stepAt } from '../../lib/mailbox/rules.ts'
import { answers, type Guarded, openGuarded } from './guarded.ts'
import { type Mariadb, startMariadb } from './mariadb.ts'

const minute = 60_000
const password = 'correct horse 1'
const home = '192.0.2.7'
const folder = mkdtempSync(join(tmpdir(), 'mailgateway-stale-'))
let mariadb: Mariadb
let gateway: Guarded

beforeAll(async () => {
  mariadb = await startMariadb(join(folder, 'mariadb'))
  gateway = await openGuarded({ DATABASE_URL: await mariadb.createDatabase('stale') })
})
afterAll(async () => {
  await gateway?.close()
  await mariadb?.stop()
  rmSync(folder, { recursive: true })
})
afterEach(restart)

const kill = async () => {
  await mariadb.stop('SIGKILL')
  await vi.waitFor(async () => {
    await gateway
      .services()
      .db.selectFrom('users')
      .select('id')
      .limit(1)
      .execute()
      .catch(() => {})
    expect(gateway.services().databaseAway()).not.toBeNull()
  })
}
async function restart(): Promise<void> {
  mariadb = await startMariadb(mariadb.folder, mariadb.port)
  await vi.waitFor(() => expect(gateway.services().databaseAway()).toBeNull(), { timeout: 10_000 })
  await vi.waitFor(() => expect(gateway.services().audit.spooled()?.rows).toBe(0), { timeout: 10_000 })
}

let made = 0
async function newOwner(totp = false) {
  made += 1
  const name = `owner${made}@example.org`
  const added = await addMailbox(gateway.services(), { name, password, totp })
  const secret = 'otpauth' in added ? new URL(added.otpauth).searchParams.get('secret')! : ''
  return { name, code: () => codeAt(secret, stepAt(gateway.now())) }
}
const send = async (user: string, text = password, from = home) => {
  const { status } = await gateway.ask({ user, password: text, from })
  return Object.entries(answers).find(([, known]) => known === status)?.[0]
}

test('what counts no more is believed for auth.stale_ttl, only while the database is away, and without a hash', async () => {
  const { name } = await newOwner()
  expect(await send(name)).toBe('ok')
  gateway.pass(6 * minute)
  const before = gateway.hashes()
  expect(await send(name)).toBe('ok')
  // The database was there: what is past auth.cache_ttl did not count.
  expect(gateway.hashes()).toBe(before + 1)
  gateway.pass(6 * minute)
  await kill()
  expect(await send(name)).toBe('ok')
  gateway.pass(13 * minute)
  expect(await send(name)).toBe('ok')
  expect(gateway.hashes()).toBe(before + 1)
  gateway.pass(2 * minute)
  expect(await send(name)).toBe('later')
})

test('others get a temporary failure: another password, another user, nobody', async () => {
  const [known, other] = [await newOwner(), await newOwner()]
  expect(await send(known.name)).toBe('ok')
  await kill()
  const before = gateway.hashes()
  expect(await send(known.name, 'another one')).toBe('later')
  expect(await send(other.name)).toBe('later')
  expect(await send('nobody@example.org')).toBe('later')
  expect(gateway.hashes()).toBe(before)
})

test('a new network is no reason to keep somebody out, and becomes familiar by the next login', async () => {
  const { name } = await newOwner()
  expect(await send(name)).toBe('ok')
  await kill()
  expect(await send(name, password, '198.51.100.1')).toBe('ok')
  await restart()
  const networks = () =>
    gateway
      .services()
      .db.selectFrom('known_networks')
      .select('network')
      .where('network', '=', '198.51.100.0/24')
      .execute()
  expect(await networks()).toEqual([])
  expect(await send(name, password, '198.51.100.1')).toBe('ok')
  expect(await networks()).toHaveLength(1)
  await kill()
})

test('a granted string goes on being good where it was, a fresh code has to wait', async () => {
  const owner = await newOwner(true)
  const granted = password + owner.code()
  expect(await send(owner.name, granted)).toBe('ok')
  gateway.pass(6 * minute)
  await kill()
  expect(await send(owner.name, granted)).toBe('ok')
  expect(await send(owner.name, granted, '198.51.100.1')).toBe('later')
  expect(await send(owner.name, password + owner.code())).toBe('later')
  expect(await send(owner.name, password)).toBe('later')
  // An hour later the last use of the grant would be due; by then nothing is remembered.
  gateway.pass(15 * minute)
  expect(await send(owner.name, granted)).toBe('later')
})

test.each([
  ['disabled', (name: string) => setEnabled(gateway.services(), name, false)],
  ['another password', (name: string) => setPassword(gateway.services(), name, 'the second one 2')],
  ['another protocol only', (name: string) => setMailbox(gateway.services(), name, { protocols: ['pop3'] })],
] as const)('what was changed is not believed as it was: %s', async (_, change) => {
  const { name } = await newOwner()
  expect(await send(name)).toBe('ok')
  await change(name)
  await kill()
  expect(await send(name)).toBe('later')
  gateway.pass(10 * minute)
  expect(await send(name)).toBe('later')
})
