/** The schema of the configured database; with its lock held, where it is the embedded one. */
import { migrateDown, migrateUp, readMigrationStatus } from '../../lib/database/migrate.ts'
import { createDatabase, openDatabase } from '../../lib/database/open.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { migrations } from '../../migrations/index.ts'
import { lockDatabase } from '../adapter/data-folder.ts'

const work = { up: migrateUp, down: migrateDown, status: readMigrationStatus }

export type MigrateResult<Verb extends keyof typeof work> = Awaited<ReturnType<(typeof work)[Verb]>>

export async function migrate<Verb extends keyof typeof work>(
  config: Config,
  verb: Verb,
): Promise<MigrateResult<Verb>> {
  const lock = lockDatabase(config)
  try {
    const { schemaDb, close } = await openDatabase(config.database, config.settings.database)
    try {
      return (await work[verb](schemaDb, migrations)) as MigrateResult<Verb>
    } finally {
      await close()
    }
  } finally {
    lock.release()
  }
}

/** The same as `up`, on a database that is made first where there is none. */
export async function createAndMigrate(config: Config): Promise<MigrateResult<'up'>> {
  await createDatabase(config.database)
  return migrate(config, 'up')
}
