/** The generation of the hot state, and the Redis server that it is of: see lib/database/generation.ts. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`insert into system_config (name, value, updated_at) values ('hot_generation', '1', 0)`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`delete from system_config where name = 'hot_generation'`.execute(db)
}
