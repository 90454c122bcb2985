import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../infra/e2e/databases.ts'
import { migrations } from '../../migrations/index.ts'
import { agreeOnGeneration, raiseGeneration, readGeneration } from './generation.ts'
import { migrateUp } from './migrate.ts'

let databases: TestDatabase

beforeEach(async () => {
  databases = await createTestDatabase()
  await migrateUp(databases.schemaDb, migrations)
})
afterEach(() => databases.close())

test('a server is met once, whoever asks at the same time; another one makes a new generation', async () => {
  const { db } = databases
  expect(await readGeneration(db)).toEqual({ generation: 1, server: '' })
  const met = await Promise.all(Array.from({ length: 20 }, () => agreeOnGeneration(db, 'a')))
  expect(new Set(met)).toEqual(new Set([2]))
  expect(await agreeOnGeneration(db, 'b')).toBe(3)
  expect(await agreeOnGeneration(db, 'b')).toBe(3)
  expect(await agreeOnGeneration(db, 'a')).toBe(4)
})

test('each raising makes a generation of its own, on the same server', async () => {
  const { db } = databases
  await agreeOnGeneration(db, 'a')
  const raised = await Promise.all(Array.from({ length: 20 }, () => raiseGeneration(db)))
  expect(raised.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 3))
  expect(await readGeneration(db)).toEqual({ generation: 22, server: 'a' })
})
