/** What SQLite and MySQL (MySQL 8, MariaDB) do not say alike; every other query of the project is written once for both. */
import {
  type CreateTableBuilder,
  type InsertQueryBuilder,
  type InsertResult,
  type Kysely,
  MysqlAdapter,
  type QueryExecutor,
  type RawBuilder,
  type SelectQueryBuilder,
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

/** For `orChange`: the larger one of what the row has in that column, and what the insert would give it. */
export function larger(db: Connected, column: string): RawBuilder<number> {
  const [has, gets] = [
    sql.ref(column),
    isMysql(db) ? sql`values(${sql.ref(column)})` : sql.ref(`excluded.${column}`),
  ]
  return isMysql(db) ? sql`greatest(${has}, ${gets})` : sql`max(${has}, ${gets})`
}

/** Whether a column has the text in it, letter by letter. Compared as bytes, which in MySQL takes half the time; UTF-8 allows it. */
export function contains(db: Connected, column: string, text: string): RawBuilder<boolean> {
  const bytes = isMysql(db) ? sql`cast(${sql.ref(column)} as binary)` : sql.ref(column)
  return sql<boolean>`instr(${bytes}, ${text}) > 0`
}

/**
 * For `$call` on a select inside a transaction: its rows are locked until that ends, or it throws contention at once where
 * another one has locked them. SQLite, with its one writer, has no such locks.
 */
export function lockAtOnce(
  db: Connected,
): <T extends keyof Tables, O>(select: SelectQueryBuilder<Tables, T, O>) => SelectQueryBuilder<Tables, T, O> {
  return select => (isMysql(db) ? select.forUpdate().noWait() : select)
}

/** Whether a statement was refused because a row with that unique value exists. */
export function isDuplicate(error: unknown): boolean {
  return isOneOf(error, ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'ER_DUP_ENTRY'])
}

/** Whether a statement lost against another transaction. SQLite has one writer at a time: there nobody loses. */
export function isContention(error: unknown): boolean {
  return isOneOf(error, ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_NOWAIT'])
}

/**
 * Whether the server cannot be reached, does not answer in time, or can take nothing for now, while the statement itself
 * may be right: later it may go through. SQLite is never away.
 */
export function isAway(error: unknown): boolean {
  return isOneOf(error, awayCodes)
}

const awayCodes = [
  // Of the way to the server.
  'DATABASE_AWAY',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  // Too many connections.
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
  // Ending, or starting.
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_NEW_ABORTING_CONNECTION',
  // Too slow.
  'ER_STATEMENT_TIMEOUT',
  'ER_QUERY_TIMEOUT',
  'ER_QUERY_INTERRUPTED',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_LOCK_NOWAIT',
  // Read-only, or full.
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'ER_ERROR_ON_WRITE',
  'ER_OUT_OF_RESOURCES',
]

/** Whether the values of a row are at fault, so that it will never go through. */
export function isBadRow(error: unknown): boolean {
  return isOneOf(error, [
    'ER_DATA_TOO_LONG',
    'ER_WARN_DATA_OUT_OF_RANGE',
    'ER_TRUNCATED_WRONG_VALUE',
    'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
    'ER_BAD_NULL_ERROR',
    'ER_NO_DEFAULT_FOR_FIELD',
    'WARN_DATA_TRUNCATED',
  ])
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
