/** Where the data lies. */
import { hostOrNone, sentinels } from './addresses.ts'
import { asSecret, fixed } from './definition.ts'
import { duration, line, oneOf, port, secret, wholeNumber, word } from './values.ts'

export const storeSettings = {
  'database.host': fixed(
    hostOrNone,
    '',
    'MySQL or MariaDB host; empty means the embedded SQLite.',
    'MySQL 或 MariaDB 的主机；留空则使用内置的 SQLite。',
  ),
  'database.port': fixed(port, '3306', 'Port of the database.', '数据库的端口。'),
  'database.user': fixed(line(0, 80), '', 'User of the database.', '数据库的用户名。'),
  'database.password': asSecret(fixed(secret(1), '', 'Password of the database user.', '数据库用户的密码。')),
  'database.database': fixed(line(1, 64), 'mailgateway', 'Name of the database.', '数据库的名称。'),
  'database.max_open_conns': fixed(
    wholeNumber(1, 1000),
    '25',
    'Most connections open at once.',
    '同时打开的连接数上限。',
  ),
  'database.max_idle_conns': fixed(
    wholeNumber(0, 1000),
    '10',
    'Most connections kept open while idle.',
    '保留的空闲连接数上限。',
  ),
  'database.conn_max_lifetime': fixed(
    duration('0s', '30d'),
    '1h',
    'Age at which a connection is replaced.',
    '连接用满多久后更换。',
  ),
  'database.tls': fixed(
    oneOf('off', 'on'),
    'off',
    'Whether the way to the database is encrypted.',
    '与数据库的连接是否加密。',
  ),
  'database.tls_ca': fixed(
    line(0, 1000),
    '',
    "PEM file of the authority that signed the server's certificate.",
    '签发数据库证书的 CA 的 PEM 文件。',
  ),
  'redis.host': fixed(
    hostOrNone,
    '',
    'Redis host; empty means the memory of this process.',
    'Redis 的主机；留空则使用进程自身的内存。',
  ),
  'redis.port': fixed(port, '6379', 'Port of Redis.', 'Redis 的端口。'),
  'redis.user': fixed(
    line(0, 80),
    '',
    'User of Redis; empty means the default one.',
    'Redis 的用户名；留空则为默认用户。',
  ),
  'redis.password': asSecret(fixed(secret(1), '', 'Password of Redis.', 'Redis 的密码。')),
  'redis.db': fixed(wholeNumber(0, 255), '0', 'Number of the Redis database.', 'Redis 数据库的编号。'),
  'redis.tls': fixed(
    oneOf('off', 'on'),
    'off',
    'Whether Redis is spoken to over TLS.',
    '是否通过 TLS 连接 Redis。',
  ),
  'redis.tls_ca': fixed(
    line(0, 1000),
    '',
    "File with the CA of Redis; empty means the system's CAs.",
    'Redis 证书的 CA 文件；留空则信任系统的 CA。',
  ),
  'redis.prefix': fixed(word, 'mailgateway:', 'What all keys in Redis begin with.', 'Redis 中所有键的前缀。'),
  'redis.sentinels': fixed(
    sentinels,
    '',
    'Sentinels that know the primary; empty means none.',
    '掌握主节点位置的哨兵；留空则不使用。',
  ),
  'redis.sentinel_master': fixed(
    word,
    'mymaster',
    'Name that the Sentinels know the primary by.',
    '哨兵为主节点所用的名称。',
  ),
  'redis.sentinel_password': asSecret(fixed(secret(1), '', 'Password of the Sentinels.', '哨兵的密码。')),
}
