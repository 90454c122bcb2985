/** A function of the cloud leaves its notices: it stands still between calls, and has one connection. */
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { isMysql } from '../../infra/e2e/databases.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { addMailbox } from '../mailbox/manage.ts'
import type { Services } from '../runtime/services.ts'
import { createNotices, type Notices } from './notices.ts'
import { lockQueue } from './queue.ts'

const people = ['joe@example.com', 'ann@example.com', 'eve@example.com']
const [joe, ann, eve] = people as [string, string, string]

let own: InProcess
let services: Services
let notices: Notices
let lines: string[]

beforeAll(async () => {
  own = await openInProcess()
  services = own.services
  Object.assign(services.settings.smtp, { host: '127.0.0.1', from: 'gateway@example.org' })
  for (const name of people) {
    const passwords = { hash: async () => 'of no password' }
    await addMailbox({ ...services, passwords }, { name, password: 'correct horse 1' })
  }
})
afterAll(() => own?.close())
beforeEach(async () => {
  await services.db.deleteFrom('notifications').execute()
  lines = []
  const log = pino({ level: 'warn' }, { write: line => lines.push(JSON.parse(line).msg) })
  notices = createNotices({ ...services, log, sleeps: true })
})

const add = (user: string) =>
  notices.add({ kind: 'locked', user, address: '192.0.2.7/32', network: '192.0.2.0/24', event: '' })
const readRecipients = async () => {
  const rows = await services.db
    .selectFrom('notifications')
    .select('recipient')
    .orderBy('recipient')
    .execute()
  return rows.map(({ recipient }) => recipient)
}

test('what was added is in the queue when a flush is done, and not before', async () => {
  add(joe)
  expect(await readRecipients()).toEqual([])
  await notices.flush()
  expect(await readRecipients()).toEqual([joe])
  await notices.flush()
  expect(lines).toEqual([])
})

test('what is added between two flushes that meet is not lost', async () => {
  add(joe)
  const [first, second] = [notices.flush(), notices.flush()]
  await first
  add(ann)
  await second
  await notices.flush()
  expect(await readRecipients()).toEqual([ann, joe])
})

// SQLite has one writer at a time, and no function of the cloud.
test.runIf(isMysql())(
  'where another one writes to the queue a flush does not wait, and keeps what it has',
  async () => {
    const [taken, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const other = services.db.transaction().execute(async trx => {
      await lockQueue(trx)
      taken.resolve()
      await done.promise
    })
    try {
      await taken.promise
      add(joe)
      add(ann)
      const startedAt = performance.now()
      await notices.flush()
      expect(performance.now() - startedAt).toBeLessThan(1_000)
      expect(lines).toEqual(['notices wait for a later call'])
    } finally {
      done.resolve()
      await other
    }
    expect(await readRecipients()).toEqual([])
    add(eve)
    await notices.flush()
    expect(await readRecipients()).toEqual([ann, eve, joe])
  },
)
