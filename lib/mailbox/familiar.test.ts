import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { readAccount } from './account.ts'
import { countGuess, rememberNetwork } from './familiar.ts'
import { listNetworks } from './list-networks.ts'
import { addMailbox, deleteMailbox } from './manage.ts'

const home = '198.51.100.0/24'
const office = '2001:db8:1::/48'

let host: InProcess
let db: InProcess['services']['db']
let name: string
let id: string
let serial = 0

beforeAll(async () => {
  host = await openInProcess()
  db = host.services.db
})
afterAll(() => host?.close())
beforeEach(async () => {
  name = `user${serial++}@example.com`
  const unhashed = { ...host.services, passwords: { hash: async () => 'no login here' } }
  id = (await addMailbox(unhashed, { name, password: 'correct horse 1' })).id
})

const readGuesses = async () => (await readAccount(db, name, null))!.account.guesses

test('a network is known from its first success on, with the time of the last', async () => {
  expect(await listNetworks(db, id)).toEqual([])
  expect((await readAccount(db, name, home))?.familiarSince).toBeNull()
  await rememberNetwork(db, id, home, 1_000, true)
  await rememberNetwork(db, id, office, 2_000, true)
  await rememberNetwork(db, id, home, 3_000, false)
  expect(await listNetworks(db, id)).toEqual([
    { network: home, last_success_at: 3_000 },
    { network: office, last_success_at: 2_000 },
  ])
  expect((await readAccount(db, name, home))?.familiarSince).toBe(3_000)
  expect((await readAccount(db, name, null))?.familiarSince).toBeNull()
})

test('the same network at the same time is remembered once', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, i) => rememberNetwork(db, id, home, i, true)))
  expect(await listNetworks(db, id)).toHaveLength(1)
})

test('concurrent guesses get a number each, so that exactly one reaches a limit', async () => {
  const numbers = await Promise.all(Array.from({ length: 20 }, () => countGuess(db, id)))
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  expect(await readGuesses()).toBe(20)
})

test('a stranger’s success ends the count, one from a familiar network does not', async () => {
  await countGuess(db, id)
  await countGuess(db, id)
  await rememberNetwork(db, id, home, 1_000, false)
  expect(await readGuesses()).toBe(2)
  await rememberNetwork(db, id, office, 1_000, true)
  expect(await readGuesses()).toBe(0)
})

test('counts and networks belong to one mailbox and go with it', async () => {
  const other = name
  const otherId = id
  name = `${name}.org`
  id = (await addMailbox(host.services, { name, password: 'correct horse 1' })).id
  await countGuess(db, otherId)
  await rememberNetwork(db, otherId, home, 1_000, false)
  expect([await readGuesses(), await listNetworks(db, id)]).toEqual([0, []])
  await deleteMailbox(host.services, other)
  expect([await countGuess(db, otherId), await listNetworks(db, otherId)]).toEqual([0, []])
})
