/** Reading the database of the original MailGateway, page by page, without ever writing to it. */
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { connectionOptions } from './mysql.ts'
import { type MysqlServer, readMysqlUrl } from './mysql-server.ts'

/** In the order in which they are taken over. */
export const originalTables = [
  'users',
  'admin',
  'system_config',
  'blacklist',
  'operation_log',
  'auth_log',
] as const

export type OriginalTable = (typeof originalTables)[number]

/** What a row may hold, whatever the columns are: times are UTC milliseconds, bytes have become text. */
export type OriginalRow = Record<string, string | number | null>

export interface Original {
  /** Rows of the table now; null = there is no such table. */
  count(table: OriginalTable): Promise<number | null>
  /** All rows as they were when it was opened, by id. */
  pages(table: OriginalTable, size: number): AsyncGenerator<OriginalRow[]>
  close(): Promise<void>
}

/** What is wrong with the source, in one line that tells what to do. */
class OriginalUnusable extends Error {
  override name = 'OriginalUnusable'
}

/** What would be no database of the original without. */
const needed: Partial<Record<OriginalTable, string[]>> = {
  users: ['id', 'username', 'password'],
}
const keys: Partial<Record<OriginalTable, string>> = { system_config: 'config_key' }

/**
 * @param from `mysql://user:password@host:port/database`, with `?tls=on` for TLS
 * @throws OriginalUnusable when it cannot be reached or read, or is not the original's; never with the password
 */
export async function openOriginal(from: string): Promise<Original> {
  const server = readUrl(from)
  const place = `${server.host}:${server.port}/${server.database}`
  const connection = await connect(server, place)
  const ask: Ask = async (statement, values) => {
    try {
      return (await connection.query<RowDataPacket[]>(statement, values))[0]
    } catch (error) {
      throw explain(error, place)
    }
  }
  try {
    // One state of all tables, and no write can happen by mistake.
    await ask('set session transaction isolation level repeatable read')
    await ask('start transaction with consistent snapshot, read only')
    const columns = await readColumns(ask, server.database)
    refuseOthers(columns, place)
    return createReader(ask, columns, () => connection.end())
  } catch (error) {
    await connection.end()
    throw error
  }
}

type Ask = (statement: string, values?: unknown[]) => Promise<RowDataPacket[]>

function readUrl(from: string): MysqlServer {
  const url = URL.canParse(from) ? new URL(from) : null
  const isComplete = url?.protocol === 'mysql:' && url.hostname !== '' && url.username !== ''
  const isReadable = isComplete && isDecodable(url.username + url.password + url.pathname)
  if (isReadable && /^\/[^/]+$/.test(url.pathname)) {
    if (url.port === '') url.port = '3306'
    return readMysqlUrl(url.href)
  }
  // Never the text itself: a password with a / or # in it ends up in any part.
  throw new OriginalUnusable(
    '--from is not a database URL; write mysql://user:password@host:port/database, with %2F for a / and %23 for a # in the password',
  )
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== ''
  } catch (error) {
    if (error instanceof URIError) return false
    throw error
  }
}

async function connect(server: MysqlServer, place: string): Promise<Connection> {
  try {
    return await createConnection({
      ...connectionOptions(server),
      supportBigNumbers: true,
      dateStrings: true,
    })
  } catch (error) {
    throw explain(error, place)
  }
}

const causes: Record<string, string> = {
  ER_ACCESS_DENIED_ERROR:
    'refuses this user and password; correct them, or give the password with --password-stdin',
  ER_DBACCESS_DENIED_ERROR: 'does not let this user read that database; grant select on it',
  ER_TABLEACCESS_DENIED_ERROR: 'does not let this user read its tables; grant select on them',
  ER_BAD_DB_ERROR: 'has no such database; correct its name',
  ER_SECURE_TRANSPORT_REQUIRED: 'asks for TLS: add ?tls=on',
  ECONNREFUSED: 'does not listen there; start it, or correct host and port',
  ENOTFOUND: 'has no address; correct its name',
  ETIMEDOUT: 'does not answer; look at it, and at firewalls on the way',
  ECONNRESET: 'ended the connection; begin again, nothing is taken twice',
  PROTOCOL_CONNECTION_LOST: 'ended the connection; begin again, nothing is taken twice',
}

function explain(error: unknown, place: string): OriginalUnusable {
  const { code = '', message } = error as Error & { code?: string }
  return new OriginalUnusable(`--from ${place}: the server ${causes[code] ?? `says: ${message}`}`, {
    cause: error,
  })
}

/** Column names of each table, with their types. */
type Columns = Map<string, Map<string, string>>

async function readColumns(ask: Ask, database: string): Promise<Columns> {
  const rows = await ask(
    `select table_name as t, column_name as c, data_type as d from information_schema.columns
     where table_schema = ?`,
    [database],
  )
  return new Map(
    [...Map.groupBy(rows, row => String(row.t))].map(([table, own]) => [
      table,
      new Map(own.map(({ c, d }) => [String(c).toLowerCase(), String(d).toLowerCase()])),
    ]),
  )
}

function refuseOthers(columns: Columns, place: string): void {
  if (columns.has('kysely_migration')) {
    throw new OriginalUnusable(
      `--from ${place}: these are tables of this MailGateway, not of the original; name the database that the original used`,
    )
  }
  for (const [table, wanted] of Object.entries(needed)) {
    const missing = columns.has(table) ? wanted.filter(name => !columns.get(table)!.has(name)) : [table]
    if (missing.length === 0) continue
    const what = columns.has(table) ? `the table ${table} has no ${missing.join(', ')}` : `no table ${table}`
    throw new OriginalUnusable(
      `--from ${place}: ${what}, so it is no database of the original that this user can read`,
    )
  }
}

const temporal = /^(datetime|timestamp|date)$/

function createReader(ask: Ask, columns: Columns, close: () => Promise<void>): Original {
  return {
    async count(table) {
      if (!columns.has(table)) return null
      const [row] = await ask('select count(*) as n from ??', [table])
      return Number(row!.n)
    },

    async *pages(table, size) {
      const known = columns.get(table)
      if (!known) return
      const key = keys[table] ?? 'id'
      // A time without a zone is one of the server's zone, which only the server knows for each day of the year.
      const list = [...known].map(([name, type]) =>
        temporal.test(type) ? `unix_timestamp(\`${name}\`) * 1000 as \`${name}\`` : `\`${name}\``,
      )
      const select = `select ${list.join(', ')}, \`${key}\` as \`key of page\` from \`${table}\``
      let last: unknown
      while (true) {
        const where = last === undefined ? '' : `where \`${key}\` > ?`
        const rows = await ask(
          `${select} ${where} order by \`${key}\` limit ${size}`,
          last === undefined ? [] : [last],
        )
        if (rows.length === 0) return
        last = rows.at(-1)!['key of page']
        yield rows.map(({ 'key of page': _, ...row }) => toPlain(row))
      }
    },

    close,
  }
}

/** Text, numbers and null only: bits and bytes have other forms in other versions of the schema. */
function toPlain(row: Record<string, unknown>): OriginalRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value === null || value === undefined) return [name, null]
      if (Buffer.isBuffer(value)) return [name, readBytes(value)]
      return [name, typeof value === 'number' ? value : String(value)]
    }),
  )
}

/** A `bit(1)` is one byte, 0 or 1; all else is text. */
const readBytes = (bytes: Buffer) =>
  bytes.length === 1 && bytes[0]! < 2 ? bytes[0]! : bytes.toString('utf8')
