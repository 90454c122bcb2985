/** The generation of the hot state: in one row, with the Redis server that it is of. */
import type { Database } from './schema.ts'

export interface Generation {
  generation: number
  /** '' = of none yet. */
  server: string
}

const row = 'hot_generation'

export async function readGeneration(db: Database): Promise<Generation> {
  return parse(await readRow(db))
}

/** The generation for this server: the one that is kept if it is of it, else a new one. */
export async function agreeOnGeneration(db: Database, server: string): Promise<number> {
  return replace(db, kept => (kept.server === server ? kept : { generation: kept.generation + 1, server }))
}

/** Makes a new generation, on the same server. */
export async function raiseGeneration(db: Database): Promise<number> {
  return replace(db, ({ generation, server }) => ({ generation: generation + 1, server }))
}

/** Compares and sets: of nodes that do it at once each finds what the other has made. */
async function replace(db: Database, next: (kept: Generation) => Generation): Promise<number> {
  for (;;) {
    const before = await readRow(db)
    const { generation, server } = next(parse(before))
    const after = `${generation} ${server}`
    if (after === before) return generation
    const { numUpdatedRows } = await db
      .updateTable('system_config')
      .set({ value: after })
      .where('name', '=', row)
      .where('value', '=', before)
      .executeTakeFirst()
    if (numUpdatedRows === 1n) return generation
  }
}

async function readRow(db: Database): Promise<string> {
  const { value } = await db
    .selectFrom('system_config')
    .select('value')
    .where('name', '=', row)
    .executeTakeFirstOrThrow()
  return value
}

function parse(value: string): Generation {
  const [generation, server = ''] = value.split(' ')
  return { generation: Number(generation), server }
}
