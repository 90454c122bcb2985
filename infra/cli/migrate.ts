/** The schema of this machine's database, with its lock held. */
import { migrateDown, migrateUp, readMigrationStatus } from '../../lib/database/migrate.ts'
import { openSqlite } from '../../lib/database/open.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { embeddedFile } from '../../lib/runtime/services.ts'
import { migrations } from '../../migrations/index.ts'
import { lockDatabase } from '../adapter/data-folder.ts'

const work = { up: migrateUp, down: migrateDown, status: readMigrationStatus }

export type MigrateResult<Verb extends keyof typeof work> = Awaited<ReturnType<(typeof work)[Verb]>>

export async function migrate<Verb extends keyof typeof work>(
  config: Config,
  verb: Verb,
): Promise<MigrateResult<Verb>> {
  const lock = lockDatabase(config)
  const { db, close } = openSqlite(embeddedFile(config))
  try {
    return (await work[verb](db, migrations)) as MigrateResult<Verb>
  } finally {
    await close()
    lock.release()
  }
}
