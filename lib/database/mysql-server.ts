/** One MySQL or MariaDB server, and what must be true of it before it is used. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { connectionOptions } from './mysql.ts'
import { explain } from './mysql-errors.ts'

export interface MysqlServer {
  host: string
  port: number
  user: string
  password: string
  database: string
  /** null = plain text. `ca` in PEM; without it the authorities that Node knows. */
  tls: { ca?: string } | null
}

/** Of both kinds of server; older ones are not tested, and MySQL 5.7 cannot add a column with an index beside it. */
const oldest = { MariaDB: [10, 5], MySQL: [8, 0] } as const

/**
 * @param url `mysql://user:password@host:port/database?tls=on&tls_ca=/path`, checked (lib/runtime/config-urls.ts)
 * @throws an Error of one line when the file of authorities cannot be read, or TLS has no name to check
 */
export function readMysqlUrl(url: string): MysqlServer {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    host,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    tls: searchParams.get('tls') === 'on' ? readTls(host, searchParams.get('tls_ca')) : null,
  }
}

function readTls(host: string, file: string | null): MysqlServer['tls'] {
  if (isIP(host) !== 0) {
    throw new Error(
      `database.host ${host}: with TLS the name of the server is checked; write its host name, not its address`,
    )
  }
  if (file === null) return {}
  try {
    return { ca: readFileSync(file, 'utf8') }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(`database.tls_ca ${file}: cannot be read (${code}); name a PEM file`, { cause: error })
  }
}

/**
 * Connects once and looks at what is there.
 * @throws an Error of one line that names setting and remedy
 */
export async function checkServer(server: MysqlServer): Promise<void> {
  await withConnection(server, server.database, async query => {
    const [{ version } = { version: '' }] = await query<{ version: string }>('select version() as version')
    refuseOld(version)
    const [foreign] = await query<{ name: string }>(
      `select table_name as name from information_schema.columns where table_schema = database()
        and (table_name = 'system_config' and column_name = 'config_key' or table_name = 'users' and column_name = 'password')`,
    )
    if (foreign) throw new Error(originalsTables(server))
  })
}

/** Makes the database, unless it is there already. @throws an Error of one line */
export async function createDatabase(server: MysqlServer): Promise<void> {
  const name = `\`${server.database.replaceAll('`', '``')}\``
  await withConnection(server, undefined, async query => {
    await query(`create database if not exists ${name} character set utf8mb4 collate utf8mb4_bin`)
  })
}

type Query = <Row>(statement: string) => Promise<Row[]>

/** @param database undefined = none is in use */
async function withConnection(
  server: MysqlServer,
  database: string | undefined,
  work: (query: Query) => Promise<void>,
): Promise<void> {
  const connecting = createConnection({ ...connectionOptions(server), database })
  try {
    const connection = await connecting
    try {
      await work(async <Row>(sql: string) => {
        const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: answerMs })
        return rows as Row[]
      })
    } finally {
      connection.destroy()
    }
  } catch (error) {
    throw explain(error as Error, server)
  }
}

const answerMs = 5_000

/** @throws an Error for a server older than `oldest` */
export function refuseOld(version: string): void {
  const kind = /mariadb/i.test(version) ? 'MariaDB' : 'MySQL'
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat)
  const [leastMajor, leastMinor] = oldest[kind]
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return
  throw new Error(
    `the database server is ${kind} ${version}; MailGateway needs MySQL 8.0 or MariaDB 10.5, or a newer one`,
  )
}

const originalsTables = ({ database }: MysqlServer) =>
  `the database ${database} holds the tables of the original MailGateway; give database.database (DATABASE_URL) another name, such as ${database}_2, and bring its data over: mailgateway import original --from mysql://…/${database}`
