/** The queue of notices, which is also what tells that one was sent already. */
import { type Kysely, sql } from 'kysely'
import { createTable } from '../lib/database/dialect.ts'

type Db = Kysely<unknown>

export async function up(db: Db): Promise<void> {
  await createTable(db, 'notifications')
    .addColumn('id', 'char(36)', c => c.primaryKey())
    .addColumn('kind', 'varchar(16)', c => c.notNull())
    .addColumn('recipient', 'varchar(255)', c => c.notNull())
    .addColumn('topic', 'varchar(255)', c => c.notNull())
    .addColumn('facts', 'text', c => c.notNull())
    .addColumn('state', 'varchar(8)', c => c.notNull())
    .addColumn('tries', 'integer', c => c.notNull())
    .addColumn('due_at', 'bigint', c => c.notNull())
    .addColumn('error', 'varchar(500)', c => c.notNull())
    .addColumn('created_at', 'bigint', c => c.notNull())
    .addColumn('ended_at', 'bigint')
    .execute()
  await index(db, ['state', 'due_at'])
  await index(db, ['recipient', 'created_at'])
  await index(db, ['created_at'])
  // Locked by whoever adds to the queue, see lib/notify/queue.ts.
  await sql`insert into system_config (name, value, updated_at) values ('notifications_queued', '0', 0)`.execute(
    db,
  )
}

const index = (db: Db, columns: string[]) =>
  db.schema
    .createIndex(['notifications', ...columns].join('_'))
    .on('notifications')
    .columns(columns)
    .execute()

export async function down(db: Db): Promise<void> {
  await sql`delete from system_config where name = 'notifications_queued'`.execute(db)
  await db.schema.dropTable('notifications').execute()
}
