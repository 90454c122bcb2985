import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { addMailbox } from '../mailbox/manage.ts'
import type { Services } from '../runtime/services.ts'
import { listNotifications } from './list.ts'
import type { Notice } from './notice.ts'
import { enqueue, makeRow } from './queue.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const joe = 'joe@example.com'

let own: InProcess
let services: Services
let time = Date.UTC(2026, 0, 1)

beforeAll(async () => {
  own = await openInProcess({}, { clock: () => time, steady: () => time })
  services = own.services
  services.settings.notify.admins = ['root@example.org', 'night@example.org']
})
afterAll(() => own?.close())
beforeEach(async () => {
  for (const table of ['notifications', 'known_networks', 'users'] as const)
    await services.db.deleteFrom(table).execute()
  time += 90 * day
  await addUser(joe)
})

const addUser = (name: string) =>
  addMailbox(
    { ...services, passwords: { hash: async () => 'of no password' } },
    { name, password: 'correct horse 1' },
  )

async function addNetwork(name: string, network: string): Promise<void> {
  const { id } = await services.db
    .selectFrom('users')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  await services.db
    .insertInto('known_networks')
    .values({ user_id: id, network, last_success_at: time })
    .execute()
}

const notice = (changes: Partial<Notice> = {}): Notice => ({
  kind: 'locked',
  time,
  user: joe,
  address: '192.0.2.7/32',
  network: '192.0.2.0/24',
  event: '',
  ...changes,
})
const add = (...changes: Partial<Notice>[]) => enqueue(services, changes.map(notice))
const readRows = () => services.db.selectFrom('notifications').selectAll().orderBy('id').execute()
const count = async () => (await readRows()).length

test('what is queued has all that the mail needs, and is due at once', async () => {
  await add({})
  expect(await readRows()).toEqual([
    {
      id: expect.any(String),
      kind: 'locked',
      recipient: joe,
      topic: '',
      facts: JSON.stringify({
        time,
        user: joe,
        address: '192.0.2.7/32',
        network: '192.0.2.0/24',
        event: '',
      }),
      state: 'waiting',
      tries: 0,
      due_at: time,
      error: '',
      created_at: time,
      ended_at: null,
    },
  ])
})

test('the same news again adds nothing, at once or later, also from two gateways at a time', async () => {
  await Promise.all([add({}, {}), add({}, {}), add({})])
  expect(await count()).toBe(1)
  time += hour - 1
  await add({})
  expect(await count()).toBe(1)
  time += 1
  await add({})
  expect(await count()).toBe(2)
})

test('a lock is told five times a day at most, whoever provokes it', async () => {
  for (let hours = 0; hours < 24; hours++) {
    await add({})
    time += hour
  }
  expect(await count()).toBe(5)
  await add({})
  expect(await count()).toBe(6)
})

test('a network is new once in 30 days, and five networks a day are', async () => {
  await addNetwork(joe, '198.51.100.0/24')
  await addNetwork(joe, '203.0.113.0/24')
  const first = { kind: 'new_network', network: '192.0.2.0/24' } as const
  await add(first, first)
  time += 29 * day
  await add(first)
  expect(await count()).toBe(1)
  time += day
  await add(first)
  expect(await count()).toBe(2)
  time += day
  await add(...Array.from({ length: 8 }, (_, i) => ({ ...first, network: `10.0.${i}.0/24` })))
  expect(await count()).toBe(7)
})

test('the very first network of a mailbox is no news', async () => {
  const first = { kind: 'new_network', network: '192.0.2.0/24' } as const
  await addNetwork(joe, first.network)
  await add(first)
  expect(await count()).toBe(0)
  await addNetwork(joe, '198.51.100.0/24')
  await add({ ...first, network: '198.51.100.0/24' })
  expect(await count()).toBe(1)
})

test('of the first two networks, known within one second, the second is news', async () => {
  await addNetwork(joe, '192.0.2.0/24')
  await addNetwork(joe, '198.51.100.0/24')
  const first = { kind: 'new_network', network: '192.0.2.0/24' } as const
  await add(first, { ...first, network: '198.51.100.0/24' }, first)
  expect((await readRows()).map(({ topic }) => topic)).toEqual(['198.51.100.0/24'])
})

test('an attack is told to every administrator: once an hour for each network, and each mailbox', async () => {
  const spraying = { kind: 'attack', event: 'spraying', user: '' } as const
  const stuffing = { kind: 'attack', event: 'stuffing', network: '', address: '' } as const
  await add(spraying, stuffing, spraying, { ...spraying, network: '198.51.100.0/24' })
  expect((await readRows()).map(({ recipient, topic }) => `${recipient} ${topic}`).sort()).toEqual(
    ['night@example.org', 'root@example.org'].flatMap(recipient =>
      ['192.0.2.0/24', '198.51.100.0/24', joe].map(topic => `${recipient} ${topic}`),
    ),
  )
  time += hour - 1
  await add(spraying)
  expect(await count()).toBe(6)
})

test('a thousand attacking networks are 20 mails a day', async () => {
  for (let i = 0; i < 10; i++) {
    await add(
      ...Array.from(
        { length: 100 },
        (_, j) => ({ kind: 'attack', event: 'spraying', user: '', network: `10.${i}.${j}.0/24` }) as const,
      ),
    )
  }
  expect(await count()).toBe(40)
})

test.each([
  ['a mailbox that is not there', 'nobody@example.com'],
  ['one whose name is no address', 'joe'],
  ['one whose name would have to be quoted', 'joe doe@example.com'],
  ['one whose name is a list', 'joe,root@example.com'],
  ['one whose name is in brackets', 'x<root@example.org>@example.com'],
])('nobody is told about %s', async (_case, user) => {
  if (!user.startsWith('nobody')) await addUser(user)
  await add({ user }, { kind: 'totp_enrolled', user })
  expect(await count()).toBe(0)
})

test('an attack on a name that nobody has is no news', async () => {
  await add({ kind: 'attack', event: 'stuffing', user: 'nobody@example.com', network: '', address: '' })
  expect(await count()).toBe(0)
})

test('no more than 10,000 wait', async () => {
  const rows = Array.from({ length: 9_999 }, (_, i) => makeRow(notice(), `u${i}@example.org`, time))
  for (let i = 0; i < rows.length; i += 500)
    await services.db
      .insertInto('notifications')
      .values(rows.slice(i, i + 500))
      .execute()
  await addUser('ann@example.com')
  expect(await add({}, { user: 'ann@example.com' })).toBe(1)
  expect(await count()).toBe(10_000)
  expect(await add({ user: 'ann@example.com' })).toBe(1)
})

test('the list is newest first, in pages, narrowed by every field', async () => {
  await addUser('ann@example.com')
  await add({})
  await add({ user: 'ann@example.com' })
  await add({ kind: 'totp_enrolled' })
  const first = await listNotifications(services, { limit: 2 })
  expect(first.items.map(({ kind, recipient }) => [kind, recipient])).toEqual([
    ['totp_enrolled', joe],
    ['locked', 'ann@example.com'],
  ])
  const second = await listNotifications(services, { limit: 2, after: first.next })
  expect(second).toMatchObject({ items: [{ kind: 'locked', recipient: joe }], next: null })
  const ofAnn = await listNotifications(services, {
    kind: 'locked',
    state: 'waiting',
    recipient: 'ann@example.com',
  })
  expect(ofAnn.items).toHaveLength(1)
  expect(await listNotifications(services, { state: 'sent' })).toEqual({ items: [], next: null })
  await expect(listNotifications(services, { state: 'lost' })).rejects.toMatchObject({ field: 'state' })
})
