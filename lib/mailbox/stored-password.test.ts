/** Mailboxes that came with plain passwords in bulk, from their sealed digests to bcrypt. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nginxLines } from '../../infra/e2e/ask.ts'
import { askApp } from '../../infra/e2e/ask-app.ts'
import { addBackends, type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { takeUsers } from '../original/users.ts'
import type { Services } from '../runtime/services.ts'
import { setEnabled, setPassword } from './manage.ts'
import type { Passwords } from './passwords.ts'
import { resealSecrets } from './reseal.ts'
import { type PasswordUpgrade, startPasswordUpgrade } from './upgrade.ts'

const secret = 'a master secret that is long enough'
let settings: Record<string, string>
let host: InProcess
let upgrade: PasswordUpgrade | undefined

beforeEach(async () => {
  settings = { MAILGATEWAY_SECRET_KEY: secret, MAILGATEWAY_AUTH_MAX_FAIL_ATTEMPTS: '1000' }
  host = await openInProcess(settings)
  await addBackends(host.services, { imap: 143, pop3: 110, smtp: 25 })
})
afterEach(async () => {
  await upgrade?.stop()
  upgrade = undefined
  await host.close()
})

const take = (names: string[], services: Services = host.services) =>
  takeUsers(
    services,
    names.map((username, i) => ({ id: i + 1, username, password: `pass word ${username}` })),
    false,
  )
const readUser = (name: string) =>
  host.services.db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirstOrThrow()
const formOf = async (name: string) => (await readUser(name)).password_hash.split(/[:$]/)[0]

async function send(user: string, password: string, services: Services = host.services) {
  return (await askApp(services, nginxLines({ user, password }))).get('Auth-Status') === 'OK'
}

const hashesOf = async (work: () => Promise<unknown>) => {
  const before = host.hashes()
  await work()
  return host.hashes() - before
}

/** The background work, until nothing is left to do. */
async function upgradeAll(services: Services = host.services) {
  upgrade = startPasswordUpgrade(services)
  await vi.waitFor(
    async () => {
      const left = await services.db
        .selectFrom('system_config')
        .select('value')
        .where('name', '=', 'sealed_passwords')
        .execute()
      expect(left).toEqual([])
    },
    { timeout: 20_000, interval: 50 },
  )
  await upgrade.stop()
}

describe('the first login', () => {
  test('costs one hash, right or wrong, and a right one leaves bcrypt of the password behind', async () => {
    await take(['joe', 'ann'])
    const before = await readUser('joe')
    expect(before.password_hash).toMatch(/^sealed:v1\./)
    expect(await hashesOf(async () => expect(await send('joe', 'another one')).toBe(false))).toBe(1)
    expect(await formOf('joe')).toBe('sealed')
    expect(await hashesOf(async () => expect(await send('joe', 'pass word joe')).toBe(true))).toBe(1)
    await vi.waitFor(async () => expect((await readUser('joe')).password_hash).toMatch(/^\$2b\$10\$/), 20_000)
    expect(await formOf('ann')).toBe('sealed')

    const { password_hash: _, ...rest } = await readUser('joe')
    const { password_hash: __, ...old } = before
    expect(rest).toEqual(old)
    const hashes = await hashesOf(async () => {
      expect(await send('joe', 'pass word joe')).toBe(true)
    })
    expect(hashes).toBe(0)
  })

  test('on ten connections at once is one computation', async () => {
    await take(['joe'])
    const made: string[] = []
    const passwords: Passwords = {
      ...host.services.passwords,
      hashInTurn: async (...given) => {
        const hash = await host.services.passwords.hashInTurn(...given)
        made.push(hash)
        return hash
      },
    }
    const services = { ...host.services, passwords }
    const told = await Promise.all(Array.from({ length: 10 }, () => send('joe', 'pass word joe', services)))
    expect(told).toEqual(Array(10).fill(true))
    expect(new Set(made).size).toBe(1)
  })

  test('of a disabled mailbox is refused as a wrong password, for one hash', async () => {
    await take(['joe'])
    await setEnabled(host.services, 'joe', false)
    expect(await hashesOf(async () => expect(await send('joe', 'pass word joe')).toBe(false))).toBe(1)
  })

  test('does not bring back a password that was changed while it was hashed', async () => {
    await take(['joe'])
    const passwords: Passwords = {
      ...host.services.passwords,
      hashInTurn: async (...given) => {
        await setPassword(host.services, 'joe', 'quite another one')
        return host.services.passwords.hashInTurn(...given)
      },
    }
    await send('joe', 'pass word joe', { ...host.services, passwords })
    expect(await send('joe', 'quite another one')).toBe(true)
    expect(await send('joe', 'pass word joe')).toBe(false)
  })

  test('is temporary failure when another row has the digest', async () => {
    await take(['joe', 'ann'])
    const { password_hash } = await readUser('joe')
    await host.services.db.updateTable('users').set({ password_hash }).where('name', '=', 'ann').execute()
    expect(await send('ann', 'pass word joe')).toBe(false)
    const row = await host.services.db
      .selectFrom('auth_log')
      .select('reason')
      .orderBy('request_id', 'desc')
      .executeTakeFirstOrThrow()
    expect(row.reason).toBe('unavailable')
  })
})

describe('in the background', () => {
  const names = ['joe', 'ann', 'sue', 'tom']

  test('digests become bcrypt over them: the same password, no new version, one hash for a login', async () => {
    await take(names)
    await setPassword(host.services, 'tom', 'quite another one')
    const before = await readUser('joe')
    await upgradeAll()
    expect(await Promise.all(names.map(formOf))).toEqual(['digest', 'digest', 'digest', ''])
    const after = await readUser('joe')
    expect(after.password_hash).toMatch(/^digest:\$2b\$10\$/)
    expect({ ...after, password_hash: '' }).toEqual({ ...before, password_hash: '' })
    expect(await hashesOf(async () => expect(await send('joe', 'pass word joe')).toBe(true))).toBe(1)
    expect(await hashesOf(async () => expect(await send('ann', 'pass word joe')).toBe(false))).toBe(1)
  })

  test('what is left when it is stopped is done by the next, each once', async () => {
    await take(names)
    upgrade = startPasswordUpgrade(host.services)
    await vi.waitFor(async () => expect(await Promise.all(names.map(formOf))).toContain('digest'), 20_000)
    await upgrade.stop()
    const done = await Promise.all(names.map(formOf))
    expect(done).toContain('sealed')
    const hashes = await hashesOf(() => upgradeAll())
    expect(hashes).toBe(done.filter(form => form === 'sealed').length)
    expect(await Promise.all(names.map(formOf))).toEqual(names.map(() => 'digest'))
  })

  test('two gateways make each hash once', async () => {
    await take(names)
    const hashes = await hashesOf(async () => {
      const other = startPasswordUpgrade(host.services)
      await upgradeAll()
      await other.stop()
    })
    expect(hashes).toBe(names.length)
  })
})

test('a new master secret: digests are sealed anew, and what no listed one opens is named and done later', async () => {
  await take(['joe', 'ann'])
  const newest = 'another master secret that is long enough'
  const { db, logDb, hot, backends } = host.services
  const withSecret = async (value: string, work: (own: Services) => Promise<void>) => {
    const own = await openInProcess({ ...settings, MAILGATEWAY_SECRET_KEY: value })
    try {
      await work({ ...own.services, db, logDb, hot, backends })
    } finally {
      await own.close()
    }
  }
  await withSecret(newest, async own => {
    await upgradeAll(own)
    expect(await formOf('joe')).toBe('sealed')
    expect(await resealSecrets(own)).toMatchObject({
      resealed: 0,
      broken: expect.arrayContaining(['joe', 'ann']),
    })
  })
  await withSecret(`${newest},${secret}`, async own => {
    expect(await resealSecrets(own)).toMatchObject({ resealed: 2, broken: [] })
    expect(await resealSecrets(own)).toMatchObject({ resealed: 0, broken: [] })
  })
  await withSecret(newest, async own => {
    expect(await send('joe', 'pass word joe', own)).toBe(true)
  })
})
