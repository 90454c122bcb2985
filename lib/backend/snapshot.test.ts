import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../infra/e2e/databases.ts'
import { migrations } from '../../migrations/index.ts'
import { migrateUp } from '../database/migrate.ts'
import { createSnapshot } from './snapshot.ts'

let databases: TestDatabase
/** How the answers of the coming reads are held back, in the order of the reads. */
let holds: Promise<void>[]
let reads: number
let changes: number

beforeEach(async () => {
  databases = await createTestDatabase()
  await migrateUp(databases.db, migrations)
  const row = { protocol: 'imap', host: '127.0.0.1', port: 1, weight: 1, tier: 0, state: 'active' } as const
  await databases.db
    .insertInto('backends')
    .values({ id: 'a', ...row, created_at: 0, updated_at: 0 })
    .execute()
  holds = []
  reads = 0
  changes = 0
})
afterEach(() => databases.close())

function open() {
  const db = databases.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      reads += 1
      await holds.shift()
      return result
    },
  })
  return createSnapshot({
    db,
    log: pino({ level: 'silent' }),
    clock: Date.now,
    onChange: () => {
      changes += 1
    },
  })
}

const moveTo = (port: number) => databases.db.updateTable('backends').set({ port }).execute()

test('concurrent logins share one read and one notice', async () => {
  const snapshot = open()
  await Promise.all(Array.from({ length: 20 }, () => snapshot.rowsAt('1')))
  expect([reads, changes]).toEqual([1, 1])
})

test('a newer version does not join the read of an older one', async () => {
  const snapshot = open()
  const held = Promise.withResolvers<void>()
  holds = [held.promise]
  const old = snapshot.rowsAt('1')
  await expect.poll(() => reads).toBe(1)
  await moveTo(2)
  expect((await snapshot.rowsAt('2'))[0]?.port).toBe(2)
  // The slow read of before ends last, and must not bring its rows back.
  held.resolve()
  expect((await old)[0]?.port).toBe(2)
  expect(snapshot.rows()[0]?.port).toBe(2)
})

test('reread looks at the table whatever the version', async () => {
  const snapshot = open()
  await snapshot.rowsAt('1')
  await moveTo(2)
  expect((await snapshot.rowsAt('1'))[0]?.port).toBe(1)
  await snapshot.reread()
  expect((await snapshot.rowsAt('1'))[0]?.port).toBe(2)
})
