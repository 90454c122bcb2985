/** Administrators at two gateways on one MariaDB and one Redis: what one of them counts, spends or ends, the other knows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeFirstAdmin } from '../../lib/admin/first.ts'
import { setAdmin, unlockAdmin } from '../../lib/admin/manage.ts'
import { adminCost } from '../../lib/admin/passwords.ts'
import { codeFor } from './authenticator.ts'
import { adminPassword, type Console, openConsole } from './console.ts'
import { newPlace } from './guessers.ts'
import { type InProcess, openInProcess } from './in-process.ts'
import { openShared } from './shared.ts'

let folder: string
let hosts: InProcess[]
let consoles: Console[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-consoles-'))
  const { settings } = await openShared()
  const env = { ...settings, MAILGATEWAY_DATA_DIR: folder, MAILGATEWAY_SERVER_RATE_LIMIT: '100000' }
  hosts = [await openInProcess(env), await openInProcess(env)]
  consoles = hosts.map(({ services }) => openConsole(services))
})
afterAll(async () => {
  for (const host of hosts ?? []) await host.close()
  rmSync(folder, { recursive: true })
})

const at = (n: number) => consoles[n % 2]!

test('one of both makes the first administrator', async () => {
  const made = await Promise.all([0, 1, 2, 3].map(n => makeFirstAdmin(at(n).services, 'admin', '')))
  expect(made.filter(first => first !== null)).toHaveLength(1)
})

test('of fifty guesses at both no more than the limit are looked at; then both have the lock, and none when it is lifted', async () => {
  const username = await at(0).newAdmin()
  const stored = await at(0).services.passwords.hash(adminPassword, adminCost)
  let looked = 0
  const watched = hosts.map(({ services }) =>
    openConsole(services, {
      async verify(_text, hash) {
        if (hash === stored) looked++
        return false
      },
    }),
  )
  const guesses = Array.from({ length: 50 }, (_, n) =>
    watched[n % 2]!.signIn(username, `wrong ${n}`, { from: newPlace() }),
  )
  expect(new Set((await Promise.all(guesses)).map(({ status }) => status))).toEqual(new Set([401]))
  expect(looked).toBe(5)
  const statuses = async () => {
    const answers = [0, 1].map(n => at(n).signIn(username, adminPassword, { from: newPlace() }))
    return (await Promise.all(answers)).map(({ status }) => status)
  }
  expect(await statuses()).toEqual([401, 401])
  await unlockAdmin(at(1).services, { username })
  expect(await statuses()).toEqual([200, 200])
})

test('one code at both at once lets one in', async () => {
  const username = await at(0).newAdmin()
  const { access_token: token } = (await at(0).signIn(username, adminPassword)).body
  const enrolled = await at(1).send('POST /api/session/totp', { token, body: { password: adminPassword } })
  const { otpauth } = enrolled.body
  const now = Date.now()
  const confirmed = { token, body: { code: codeFor(otpauth, now) } }
  expect((await at(0).send('POST /api/session/totp/confirm', confirmed)).status).toBe(200)
  // The code of the step to come is good already.
  const code = codeFor(otpauth, now + 30_000)
  const answers = await Promise.all([0, 1].map(n => at(n).signIn(username, adminPassword, { code })))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401])
})

test('a refresh at both at once: one gets the next token, and the session is over at both', async () => {
  for (let round = 0; round < 5; round++) {
    const username = await at(0).newAdmin('operator')
    const { body } = await at(0).signIn(username, adminPassword)
    const { refresh_token } = body
    const answers = await Promise.all(
      [0, 1].map(n => at(n).send('POST /refresh', { body: { refresh_token } })),
    )
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    const token = answers.find(({ status }) => status === 200)?.body.access_token ?? body.access_token
    for (const n of [0, 1]) expect((await at(n).send('GET /api/session', { token })).status).toBe(401)
  }
})

test('what is ended at one is ended at the other; one superadmin is left', async () => {
  const [one, two] = [await at(0).newAdmin(), await at(0).newAdmin()]
  const { body } = await at(0).signIn(one, adminPassword)
  expect((await at(1).send('GET /api/session', { token: body.access_token })).status).toBe(200)
  await at(0).send('POST /logout', { token: body.access_token })
  expect((await at(1).send('GET /api/session', { token: body.access_token })).status).toBe(401)

  await hosts[0]!.services.db.deleteFrom('admin').where('username', 'not in', [one, two]).execute()
  const outcomes = await Promise.allSettled([
    setAdmin(at(0).services, one, { role: 'auditor' }),
    setAdmin(at(1).services, two, { enabled: false }),
  ])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})
