/** What SQLite and MySQL (MySQL 8, MariaDB) do not say alike; every other query of the project is written once for both. */
import {
  type CreateTableBuilder,
  type InsertQueryBuilder,
  type InsertResult,
  type Kysely,
  MysqlAdapter,
  type QueryExecutor,
  sql,
  type UpdateObject,
} from 'kysely'
import type { Tables } from './schema.ts'

/** A database or transaction, whatever its tables. */
type Connected = { getExecutor(): QueryExecutor }

const isMysql = (db: Connected) => db.getExecutor().adapter instanceof MysqlAdapter

/**
 * For `$call` on an insert: where the row of this unique key is there already, it gets the changes instead. One step.
 * @param key columns of one unique key; a table that is used with this has no other that a row could meet
 */
export function orChange<T extends keyof Tables & string>(
  db: Connected,
  key: readonly (keyof Tables[T] & string)[],
  changes: UpdateObject<Tables, T, T>,
): (insert: InsertQueryBuilder<Tables, T, InsertResult>) => InsertQueryBuilder<Tables, T, InsertResult> {
  return insert =>
    isMysql(db)
      ? insert.onDuplicateKeyUpdate(changes)
      : insert.onConflict(conflict => conflict.columns(key).doUpdateSet(changes as never))
}

/** Whether a statement was refused because a row with that unique value exists. */
export function isDuplicate(error: unknown): boolean {
  return isOneOf(error, ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'ER_DUP_ENTRY'])
}

/** Whether a statement lost against another transaction. SQLite has one writer at a time: there nobody loses. */
export function isContention(error: unknown): boolean {
  return isOneOf(error, ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT'])
}

/** What the user of a MySQL database must be allowed there. */
export const neededRights = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES'

/** Whether the user of the database may not do that. */
export function isDenied(error: unknown): boolean {
  return isOneOf(error, ['ER_TABLEACCESS_DENIED_ERROR'])
}

function isOneOf(error: unknown, codes: string[]): boolean {
  return codes.includes((error as { code?: string }).code ?? '')
}

/** A new table whose text is compared byte by byte; SQLite does that by itself. */
export function createTable(db: Kysely<unknown>, name: string): CreateTableBuilder<string> {
  const table = db.schema.createTable(name)
  return isMysql(db)
    ? table.modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    : table
}

/** SQLite's indexes have names of their own, MySQL's belong to their table. */
export async function dropIndex(db: Kysely<unknown>, table: string, name: string): Promise<void> {
  const index = db.schema.dropIndex(name)
  await (isMysql(db) ? index.on(table) : index).execute()
}
