/** Whether anybody is familiar in a network is looked up by the network alone. */
import type { Kysely } from 'kysely'
import { dropIndex } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

const index = 'known_networks_network'

export async function up(db: Db): Promise<void> {
  await db.schema.createIndex(index).on('known_networks').column('network').execute()
}

export async function down(db: Db): Promise<void> {
  await dropIndex(db, 'known_networks', index)
}
