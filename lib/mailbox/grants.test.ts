import { afterAll, beforeAll, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { readAccount } from './account.ts'
import { countGuess, rememberNetwork } from './familiar.ts'
import { readGrants, roam, spendStep } from './grants.ts'
import { addMailbox, deleteMailbox, setPassword } from './manage.ts'
import { revokeGrants } from './totp.ts'

let host: InProcess
let serial = 0
const life = { grant_idle: 1_000_000, grant_max: 1_000_000, grant_roam: 3 }

beforeAll(async () => {
  host = await openInProcess()
})
afterAll(() => host.close())

async function newMailbox() {
  const name = `user${serial++}@example.com`
  const { id } = await addMailbox(host.services, { name, password: 'correct horse 1', totp: true })
  const { account } = (await readAccount(host.services.db, name, null))!
  return { name, accountId: id, credentialVersion: account.credentialVersion }
}

const at = (step: number) => step * 30_000

test('of a hundred that spend one step at once one wins, and those in its network share its grant', async () => {
  const { db } = host.services
  const user = await newMailbox()
  const attempts = Array.from({ length: 100 }, (_, n) => ({
    ...user,
    digest: 'd',
    network: `network ${n % 10}`,
  }))
  const grants = await Promise.all(attempts.map(presented => spendStep(db, presented, 100, at(100), life)))
  const won = grants.filter(grant => grant !== null)
  expect(won).toHaveLength(10)
  expect(new Set(won.map(({ id, network }) => `${id} ${network}`)).size).toBe(1)
  // Another string with the same step, or an older one, has nothing to share.
  const other = { ...user, digest: 'other', network: won[0]!.network }
  expect(await spendStep(db, other, 100, at(100), life)).toBeNull()
  expect(await spendStep(db, other, 99, at(100), life)).toBeNull()
  expect(await spendStep(db, other, 101, at(101), life)).toMatchObject({ step: 101 })
})

test('a login that began before the credentials were changed neither spends, nor shares, nor roams', async () => {
  const { db } = host.services
  const user = await newMailbox()
  const stale = { ...user, credentialVersion: user.credentialVersion - 1, digest: 'd', network: 'n' }
  expect(await spendStep(db, stale, 100, at(100), life)).toBeNull()
  expect(await spendStep(db, { ...user, digest: 'd', network: 'n' }, 100, at(100), life)).not.toBeNull()
  await setPassword(host.services, user.name, 'another horse 2')
  expect(await spendStep(db, { ...user, digest: 'd', network: 'n' }, 100, at(100), life)).toBeNull()
  expect(await roam(db, { ...user, digest: 'd', network: 'other' }, at(100), life)).toBeNull()
})

test('of twenty networks that a string roams to at once three let it in', async () => {
  const { db } = host.services
  const user = await newMailbox()
  const from = (network: string) => ({ ...user, digest: 'd', network })
  expect(await roam(db, from('home'), at(100), life)).toBeNull()
  await spendStep(db, from('home'), 100, at(100), life)
  const grants = await Promise.all(
    Array.from({ length: 20 }, (_, n) => roam(db, from(`n${n}`), at(100), life)),
  )
  expect(grants.filter(grant => grant !== null)).toHaveLength(3)
})

test('the newest two hundred are kept, and all go with the mailbox', async () => {
  const { db } = host.services
  const user = await newMailbox()
  for (let step = 1; step <= 210; step++) {
    await spendStep(db, { ...user, digest: `d${step}`, network: 'n' }, step, at(step), life)
  }
  const digests = Array.from({ length: 210 }, (_, n) => `d${n + 1}`)
  const kept = await readGrants(db, user.accountId, digests)
  expect(kept.map(({ step }) => step).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 200 }, (_, n) => n + 11),
  )
  await deleteMailbox(host.services, user.name)
  expect(await readGrants(db, user.accountId, digests)).toEqual([])
  expect(await readGrants(db, null, digests)).toEqual([])
})

test('a string that is revoked while it roams is good nowhere afterwards', async () => {
  const { db } = host.services
  for (let round = 0; round < 10; round++) {
    const user = await newMailbox()
    const from = (network: string) => ({ ...user, digest: 'd', network })
    await spendStep(db, from('home'), 100, at(100), life)
    await Promise.all([
      ...[1, 2, 3].map(n => roam(db, from(`away ${n}`), at(100), life)),
      revokeGrants(host.services, { name: user.name }),
    ])
    const left = await readGrants(db, user.accountId, ['d'])
    expect(left.filter(({ ended_at }) => ended_at === null)).toEqual([])
  }
})

test('deleting, changing, logging in and guessing at once leave nobody stuck', async () => {
  const { services } = host
  const user = await newMailbox()
  const outcomes = await Promise.allSettled([
    ...[1, 2, 3, 4].flatMap(n => [
      setPassword(services, user.name, `another horse ${n}`),
      spendStep(services.db, { ...user, digest: 'd', network: `${n}` }, 100 + n, at(100), life),
      rememberNetwork(services.db, user.accountId, `${n}`, n, true),
      countGuess(services.db, user.accountId),
    ]),
    deleteMailbox(services, user.name),
  ])
  const failures = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []))
  // A mailbox that is gone is no deadlock.
  expect(failures.filter(({ name, message }) => name !== 'Refusal' && !/foreign key/i.test(message))).toEqual(
    [],
  )
  expect(await readAccount(services.db, user.name, null)).toBeNull()
})
