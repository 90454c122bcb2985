/** A migration on a database that has rows already. */
import { expect } from 'vitest'
import { migrateDown, migrateUp } from '../../lib/database/migrate.ts'
import type { Database } from '../../lib/database/schema.ts'
import { migrations } from '../../migrations/index.ts'
import { createTestDatabase } from './databases.ts'

interface Rows<State> {
  /** Writes them as the version before did: by the columns that it had. */
  fill(db: Database): Promise<unknown>
  read(db: Database): Promise<State>
  /** What is read once the migration was applied to what was read before. */
  after(old: State): unknown
  /** Whatever the new version does with them. */
  use?(db: Database): Promise<unknown>
}

/** All migrations up to this one, and those before it. */
export function upTo(last: string) {
  const some = (wanted: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(migrations).filter(([name]) => wanted(name)))
  return { all: some(name => name <= last), before: some(name => name < last) }
}

/** Up, down and up again with rows present: what the version before knows is left as it was. */
export async function upDownUp<State>(name: string, { fill, read, after, use }: Rows<State>): Promise<void> {
  const { all, before } = upTo(name)
  expect(Object.keys(all)).toContain(name)
  const { db, close } = await createTestDatabase()
  try {
    await migrateUp(db, before)
    await fill(db)
    const old = await read(db)
    const expected = after(old)
    await migrateUp(db, all)
    expect(await read(db)).toEqual(expected)
    await use?.(db)
    await migrateDown(db, all)
    expect(await read(db)).toEqual(old)
    await migrateUp(db, all)
    expect(await read(db)).toEqual(expected)
  } finally {
    await close()
  }
}
