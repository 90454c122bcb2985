/** A flood of sign-ins, and of people who make mailboxes, beside mail logins that need a hash. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { newId } from '../../lib/id.ts'
import { ask, nginxLines } from './ask.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { startGreeters } from './greeter.ts'
import { answers } from './guarded.ts'
import { rememberSecret } from './leaks.ts'
import { seedFolder, seedPassword } from './seed.ts'
import { openStores, withSecret } from './stores.ts'

vi.setConfig({ testTimeout: 240_000 })

const adminPassword = 'the first password of all'
const names = Array.from({ length: 12 }, (_, i) => `user${i}@example.com`)
let folder: string
let gateway: Gateway
let greeters: Awaited<ReturnType<typeof startGreeters>>
beforeAll(async () => {
  rememberSecret(adminPassword)
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-flood-'))
  const users = names.map(name => ({ name, cost: 10 }))
  greeters = await startGreeters()
  await seedFolder(folder, users, greeters.ports, withSecret(await openStores(folder)))
  gateway = await startGateway(folder, {
    settings: {
      MAILGATEWAY_ADMIN_PASSWORD: adminPassword,
      MAILGATEWAY_AUTH_HASH_THREADS: '1',
      MAILGATEWAY_SERVER_RATE_LIMIT: '1000000',
      // Of many clients behind a proxy: one client has not so many connections.
      MAILGATEWAY_SERVER_TRUSTED_PROXIES: '127.0.0.1/32',
      // So patient that a busy machine is no reason to be turned away, and the flood without its bounds would be.
      MAILGATEWAY_AUTH_HASH_DEADLINE: '60s',
      MAILGATEWAY_AUTH_DEADLINE: '60s',
    },
  })
}, 120_000)
afterAll(async () => {
  await gateway?.stop()
  await greeters?.close()
  rmSync(folder, { recursive: true })
})

async function post(path: string, body: object, token?: string) {
  const response = await fetch(`http://127.0.0.1:${gateway.ports.admin}${path}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
  return {
    status: response.status,
    again: response.headers.get('Retry-After'),
    body: JSON.parse(await response.text()),
  }
}

/** All at once. */
async function expectLogins(users: string[]): Promise<void> {
  const tryOnce = (user: string) => ask(gateway.ports.nginx, nginxLines({ user, password: seedPassword }))
  // A busy machine may take longer than the second that counting has: then a mail client comes again.
  const login = async (user: string) => {
    const first = await tryOnce(user)
    return first.headers['auth-status'] === answers.ok ? first : tryOnce(user)
  }
  const found = (await Promise.all(users.map(login))).map(({ headers }) => headers['auth-status'])
  const { items } = await gateway.do('log search', {})
  expect(found, items.map(({ reason }) => reason).join(' ')).toEqual(users.map(() => answers.ok))
}

/** As many at once as would keep one thread busy for two minutes. */
const flood = 400

test('of a flood of sign-ins few are looked at, and mail logins go on', async () => {
  // The first administrator is made when all else is up.
  const token = await vi.waitFor(async () => {
    const { body } = await post('/login', { username: 'admin', password: adminPassword })
    expect(body).toHaveProperty('access_token')
    return body.access_token as string
  }, 30_000)
  const signIns = Array.from({ length: flood }, (_, i) =>
    post('/login', { username: `nobody${i}`, password: `a wrong password ${i}` }),
  )
  // Its network is one that it has signed in from.
  expect(await post('/login', { username: 'admin', password: adminPassword })).toMatchObject({ status: 200 })
  await expectLogins(names.slice(0, 6))
  const outcomes = await Promise.all(signIns)
  const turnedAway = outcomes.filter(({ status }) => status === 503)
  expect(turnedAway.length).toBeGreaterThan(flood / 2)
  expect(turnedAway[0]).toMatchObject({ again: '5', body: { code: 'busy' } })
  expect(outcomes.filter(({ status }) => status === 401).length).toBeGreaterThan(0)
  // Who is signed in has a lane of its own.
  const made = Array.from({ length: flood }, () =>
    post('/api/users', { name: `${newId()}@example.com`, password: seedPassword }, token),
  )
  await expectLogins(names.slice(6))
  const statuses = new Set((await Promise.all(made)).map(({ status }) => status))
  expect([...statuses].toSorted()).toEqual([201, 503])
})
