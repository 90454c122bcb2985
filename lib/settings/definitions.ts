import type { z } from 'zod'
import { dnsServers, domainOrNone, host, hostOrNone, listenAddress, sentinels } from './addresses.ts'
import {
  duration,
  headerSecret,
  line,
  oneOf,
  port,
  secret,
  size,
  type ValueType,
  wholeNumber,
  word,
} from './values.ts'

/** One setting: how its text is read, its default as text, and one sentence of help. */
export type Definition<T> = { type: ValueType<T>; default: string; help: string; secret: boolean }

function define<T>(type: ValueType<T>, text: string, help: string): Definition<T> {
  return { type, default: text, help, secret: false }
}

function defineSecret(type: ValueType<string>, help: string): Definition<string> {
  return { type, default: '', help, secret: true }
}

/**
 * Every setting there is. Types, environment names, the checks of the configuration file and what
 * `config print` shows are derived from this list. Durations are milliseconds once read.
 */
export const definitions = {
  'server.host': define(host, '127.0.0.1', 'Address of the admin listener.'),
  'server.port': define(port, '8089', 'Port of the admin listener.'),
  'server.mode': define(oneOf('release', 'debug', 'test'), 'release', 'Debug logs more.'),
  'server.node': define(
    line(0, 40),
    '',
    'Name of this gateway in the auth log; empty means host name and port.',
  ),
  'server.workers': define(wholeNumber(1, 64), '1', 'Processes that answer; more need MySQL and Redis.'),
  'auth_server.host': define(listenAddress, '127.0.0.1', 'Address nginx asks: host or unix:/path.'),
  'auth_server.port': define(port, '8090', 'Port nginx asks; unused with a unix socket.'),
  'auth_server.secret': defineSecret(headerSecret, 'Header value nginx must send; needed off loopback.'),
  'database.host': define(hostOrNone, '', 'MySQL or MariaDB host; empty means the embedded SQLite.'),
  'database.port': define(port, '3306', 'Port of the database.'),
  'database.user': define(line(0, 80), '', 'User of the database.'),
  'database.password': defineSecret(secret(1), 'Password of the database user.'),
  'database.database': define(line(1, 64), 'mailgateway', 'Name of the database.'),
  'database.max_open_conns': define(wholeNumber(1, 1000), '25', 'Most connections open at once.'),
  'database.max_idle_conns': define(wholeNumber(0, 1000), '10', 'Most connections kept open while idle.'),
  'database.conn_max_lifetime': define(duration('0s', '30d'), '1h', 'Age at which a connection is replaced.'),
  'database.tls': define(oneOf('off', 'on'), 'off', 'Whether the way to the database is encrypted.'),
  'database.tls_ca': define(
    line(0, 1000),
    '',
    "PEM file of the authority that signed the server's certificate.",
  ),
  'redis.host': define(hostOrNone, '', 'Redis host; empty means the memory of this process.'),
  'redis.port': define(port, '6379', 'Port of Redis.'),
  'redis.user': define(line(0, 80), '', 'User of Redis; empty means the default one.'),
  'redis.password': defineSecret(secret(1), 'Password of Redis.'),
  'redis.db': define(wholeNumber(0, 255), '0', 'Number of the Redis database.'),
  'redis.tls': define(oneOf('off', 'on'), 'off', 'Whether Redis is spoken to over TLS.'),
  'redis.tls_ca': define(line(0, 1000), '', "File with the CA of Redis; empty means the system's CAs."),
  'redis.prefix': define(word, 'mailgateway:', 'What all keys in Redis begin with.'),
  'redis.sentinels': define(sentinels, '', 'Sentinels that know the primary; empty means none.'),
  'redis.sentinel_master': define(word, 'mymaster', 'Name that the Sentinels know the primary by.'),
  'redis.sentinel_password': defineSecret(secret(1), 'Password of the Sentinels.'),
  'auth.max_fail_attempts': define(wholeNumber(1, 1000), '5', 'Distinct wrong passwords that lock a user.'),
  'auth.fail_ttl': define(duration('1s', '24h'), '60s', 'Time in which wrong passwords are counted.'),
  'auth.lock_ttl': define(duration('1s', '24h'), '300s', 'How long a user stays locked.'),
  'auth.default_domain': define(domainOrNone, '', 'Domain added to user names that have none.'),
  'auth.cache_ttl': define(duration('1s', '24h'), '5m', 'How long a proven password needs no new hash.'),
  'auth.cache_max': define(duration('1s', '7d'), '12h', 'Longest time that use renews a proven password.'),
  'auth.stale_ttl': define(
    duration('0s', '24h'),
    '15m',
    'How much longer a proven password is believed while the database is away.',
  ),
  'auth.deadline': define(duration('100ms', '60s'), '8s', 'Time for a whole decision.'),
  'auth.hash_deadline': define(duration('100ms', '60s'), '6s', 'Longest wait for a password hash.'),
  'auth.hash_threads': define(wholeNumber(0, 256), '0', 'Hash threads; 0 means one per core.'),
  'guessing.user_total': define(
    wholeNumber(1, 100),
    '100',
    'Wrong passwords that shut a user to strangers until unlocked.',
  ),
  'guessing.address_limit': define(wholeNumber(1, 10_000), '20', 'Wrong passwords that ban an address.'),
  'guessing.address_window': define(duration('1s', '24h'), '10m', 'Time in which an address is counted.'),
  'guessing.network_limit': define(wholeNumber(1, 10_000), '60', 'Wrong passwords that ban a network.'),
  'guessing.network_window': define(duration('1s', '24h'), '10m', 'Time in which a network is counted.'),
  'guessing.spraying_limit': define(wholeNumber(1, 10_000), '10', 'Users tried wrongly that ban a network.'),
  'guessing.spraying_window': define(duration('1s', '7d'), '1h', 'Time in which tried users are counted.'),
  'guessing.stuffing_limit': define(
    wholeNumber(1, 10_000),
    '12',
    'Attacking networks that shut a user to strangers.',
  ),
  'guessing.stuffing_window': define(
    duration('1s', '7d'),
    '24h',
    'Time in which attacking networks are counted.',
  ),
  'guessing.familiar_for': define(
    duration('1h', '365d'),
    '30d',
    'How long a success makes a network familiar.',
  ),
  'backend.check_interval': define(duration('1s', '1h'), '5s', 'Time between checks of a backend.'),
  'backend.check_timeout': define(duration('100ms', '60s'), '3s', 'Longest wait for a backend in a check.'),
  'backend.fall': define(wholeNumber(1, 100), '3', 'Timed-out checks until a backend is down.'),
  'backend.rise': define(wholeNumber(1, 100), '2', 'Good checks until a backend is up again.'),
  'backend.dns_servers': define(dnsServers, '', "DNS servers for backend names; empty means the system's."),
  'jwt.secret': defineSecret(secret(16), 'Key that signs access tokens; empty means a derived one.'),
  'jwt.expiration': define(duration('1m', '30d'), '15m', 'Life of an access token.'),
  'jwt.refresh_expiration': define(duration('1m', '365d'), '12h', 'Longest life of a sign-in.'),
  'totp.issuer': define(line(1, 64), 'MailGateway', 'Name that authenticator apps show.'),
  'totp.secret_length': define(wholeNumber(16, 64), '20', 'Length of new TOTP secrets in bytes.'),
  'totp.grant_idle': define(
    duration('0s', '365d'),
    '7d',
    'How long an unused grant lives; 0 = a fresh code at each login.',
  ),
  'totp.grant_max': define(duration('0s', '365d'), '30d', 'How long a grant lives at most.'),
  'totp.grant_roam': define(wholeNumber(0, 100), '0', 'New networks a day that a granted string may open.'),
  'admin.default_username': define(line(1, 64), 'admin', 'Name of the first administrator.'),
  'admin.default_password': defineSecret(secret(1), 'First password of that administrator.'),
  'log.level': define(oneOf('trace', 'debug', 'info', 'warn', 'error'), 'info', 'Least severity logged.'),
  'log.file_path': define(line(0, 1000), '', 'Log file; empty means standard output.'),
  'log.auth_fail_path': define(line(0, 1000), '', 'File of refused logins, for fail2ban; empty means none.'),
  'log.max_size': define(size('1KB', '10GB'), '50MB', 'Size at which a log file is turned over.'),
  'log.max_age': define(duration('1m', '365d'), '24h', 'Age at which a log file is turned over.'),
  'log.spool_max': define(
    size('64KB', '10GB'),
    '100MB',
    'Disk for rows of the auth log while the database is away, per process.',
  ),
  'log.max_files': define(wholeNumber(1, 10_000), '14', 'Old files kept of each log file.'),
  'log.retention': define(duration('0s', '3650d'), '365d', 'How long the auth log is kept; 0 = for ever.'),
}

type Definitions = typeof definitions

/** The name of a setting, as `auth.fail_ttl`. */
export type SettingKey = keyof Definitions

type Section = SettingKey extends `${infer S}.${string}` ? S : never

/** The checked values, nested by section: `settings.auth.fail_ttl`. */
export type Settings = {
  [S in Section]: {
    [K in SettingKey as K extends `${S}.${infer N}` ? N : never]: z.output<Definitions[K]['type']>
  }
}

export function isSettingKey(text: string): text is SettingKey {
  return Object.hasOwn(definitions, text)
}

/** All keys in the order of the list. */
export const settingKeys: SettingKey[] = Object.keys(definitions).filter(isSettingKey)
