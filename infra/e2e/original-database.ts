/** A database as the original MailGateway left it: its schema, and as many rows as a test wants. */
import type { MariadbAccess } from './mariadb.ts'

/** The original stores passwords as they are. */
export interface OriginalUser {
  username: string
  password: string
  /** Base32; '' = none. */
  totpSecret: string
}

export interface OriginalSize {
  users: number
  authLog: number
  operationLog: number
}

const schema = `
create table users (id int auto_increment primary key, username varchar(255) not null, password varchar(255) not null,
  owner varchar(255), totp_secret varchar(255), totp_enabled tinyint(1) not null default 0,
  created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp);
create table admin (id int auto_increment primary key, username varchar(100) not null, password varchar(255) not null,
  enabled tinyint(1) not null default 1);
create table auth_log (id bigint auto_increment primary key, username varchar(255) not null, ip_address varchar(45),
  protocol varchar(20), result varchar(20) not null, result_detail varchar(255), client_ip varchar(45),
  user_agent varchar(255), created_at datetime default current_timestamp);
create table operation_log (id bigint auto_increment primary key, username varchar(100) not null,
  user_type varchar(20), operation varchar(100), resource varchar(255), details text, ip_address varchar(45),
  user_agent varchar(255), status varchar(20), created_at datetime default current_timestamp);
create table system_config (config_key varchar(100) primary key, config_value text);
create table blacklist (id int auto_increment primary key, ip_address varchar(45) not null, ban_duration int,
  event_type varchar(50), created_at datetime default current_timestamp, expires_at datetime,
  status varchar(20) not null default 'active');`

const rowsPerInsert = 2_000

export const originalUser = (n: number): OriginalUser => ({
  username: `user${n}@example.com`,
  password: `original pass ${n}`,
  // Each tenth has codes.
  totpSecret: n % 10 === 0 ? `${'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.slice(n % 7)}A2B3C4D5` : '',
})

/** Makes a database of that name with these rows, dated in the last days of 2025. @returns its URL */
export async function makeOriginal(
  mariadb: MariadbAccess,
  name: string,
  { users, authLog, operationLog }: OriginalSize,
): Promise<string> {
  const url = await mariadb.createDatabase(name)
  await mariadb.query(`alter database \`${name}\` character set utf8mb4; use \`${name}\`; ${schema}`)
  const fill = async (columns: string, count: number, row: (n: number) => (string | number | null)[]) => {
    for (let first = 1; first <= count; first += rowsPerInsert) {
      const size = Math.min(rowsPerInsert, count - first + 1)
      const rows = Array.from(
        { length: size },
        (_, i) =>
          `(${row(first + i)
            .map(quote)
            .join(',')})`,
      )
      await mariadb.query(`use \`${name}\`; insert into ${columns} values ${rows.join(',')}`)
    }
  }
  await fill('users (username, password, owner, totp_secret, totp_enabled, created_at)', users, n => {
    const { username, password, totpSecret } = originalUser(n)
    return [username, password, `Owner ${n}`, totpSecret || null, totpSecret ? 1 : 0, timeOf(n)]
  })
  await fill(
    'auth_log (username, ip_address, protocol, result, result_detail, client_ip, user_agent, created_at)',
    authLog,
    n => {
      const failed = n % 5 === 0
      const detail = failed ? '密码错误' : '认证成功'
      const { username } = originalUser((n % Math.max(1, users)) + 1)
      const address = `198.51.100.${n % 256}`
      return [
        username,
        '127.0.0.1',
        'imap',
        failed ? 'failed' : 'success',
        detail,
        address,
        'nginx',
        timeOf(n),
      ]
    },
  )
  await fill(
    'operation_log (username, user_type, operation, resource, details, ip_address, user_agent, status, created_at)',
    operationLog,
    n => [
      'admin',
      'admin',
      'update_user',
      `user${n}@example.com`,
      'owner changed',
      '192.0.2.5',
      'browser',
      'success',
      timeOf(n),
    ],
  )
  return url
}

const first = Date.UTC(2025, 11, 24)
const timeOf = (n: number) => new Date(first + n * 5_000).toISOString().slice(0, 19).replace('T', ' ')

const quote = (value: string | number | null) =>
  typeof value === 'string' ? `'${value.replace(/['\\]/g, '\\$&')}'` : String(value)
