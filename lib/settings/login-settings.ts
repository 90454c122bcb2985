/** How logins of mail clients are judged, and where they are sent. */
import { dnsServers, domainOrNone } from './addresses.ts'
import { fixed, live } from './definition.ts'
import { duration, line, wholeNumber } from './values.ts'

export const loginSettings = {
  'auth.max_fail_attempts': live(
    wholeNumber(1, 1000),
    '5',
    'Distinct wrong passwords that lock a user.',
    '不同的错误密码达到此数时锁定用户。',
  ),
  'auth.fail_ttl': live(
    duration('1s', '24h'),
    '60s',
    'Time in which wrong passwords are counted.',
    '统计错误密码的时间范围。',
  ),
  'auth.lock_ttl': live(duration('1s', '24h'), '300s', 'How long a user stays locked.', '用户被锁定的时长。'),
  'auth.default_domain': live(
    domainOrNone,
    '',
    'Domain added to user names that have none.',
    '为不带域名的用户名补上的域名。',
  ),
  'auth.cache_ttl': live(
    duration('1s', '24h'),
    '5m',
    'How long a proven password needs no new hash.',
    '验证通过的密码在多长时间内无需重新计算哈希。',
  ),
  'auth.cache_max': live(
    duration('1s', '7d'),
    '12h',
    'Longest time that use renews a proven password.',
    '持续使用时，验证结果最长可续期的时间。',
  ),
  'auth.stale_ttl': live(
    duration('0s', '24h'),
    '15m',
    'How much longer a proven password is believed while the database is away.',
    '数据库不可用时，验证结果继续有效的时长。',
  ),
  'auth.deadline': live(duration('100ms', '60s'), '8s', 'Time for a whole decision.', '一次判定的总时限。'),
  'auth.hash_deadline': live(
    duration('100ms', '60s'),
    '6s',
    'Longest wait for a password hash.',
    '等待密码哈希计算的最长时间。',
  ),
  'auth.hash_threads': fixed(
    wholeNumber(0, 256),
    '0',
    'Hash threads; 0 means one per core.',
    '计算哈希的线程数；0 表示每个核心一个。',
  ),
  'guessing.user_total': live(
    wholeNumber(1, 100),
    '100',
    'Wrong passwords that shut a user to strangers until unlocked.',
    '错误密码累计达到此数后，陌生网络一律拒绝，直到解锁。',
  ),
  'guessing.address_limit': live(
    wholeNumber(1, 10_000),
    '20',
    'Wrong passwords that ban an address.',
    '错误密码达到此数时封禁地址。',
  ),
  'guessing.address_window': live(
    duration('1s', '24h'),
    '10m',
    'Time in which an address is counted.',
    '对单个地址计数的时间范围。',
  ),
  'guessing.network_limit': live(
    wholeNumber(1, 10_000),
    '60',
    'Wrong passwords that ban a network.',
    '错误密码达到此数时封禁网络。',
  ),
  'guessing.network_window': live(
    duration('1s', '24h'),
    '10m',
    'Time in which a network is counted.',
    '对一个网络计数的时间范围。',
  ),
  'guessing.spraying_limit': live(
    wholeNumber(1, 10_000),
    '10',
    'Users tried wrongly that ban a network.',
    '一个网络试错的用户达到此数时被封禁。',
  ),
  'guessing.spraying_window': live(
    duration('1s', '7d'),
    '1h',
    'Time in which tried users are counted.',
    '统计被试用户的时间范围。',
  ),
  'guessing.stuffing_limit': live(
    wholeNumber(1, 10_000),
    '12',
    'Attacking networks that shut a user to strangers.',
    '攻击同一用户的网络达到此数时，陌生网络一律拒绝。',
  ),
  'guessing.stuffing_window': live(
    duration('1s', '7d'),
    '24h',
    'Time in which attacking networks are counted.',
    '统计攻击网络的时间范围。',
  ),
  'guessing.familiar_for': live(
    duration('1h', '365d'),
    '30d',
    'How long a success makes a network familiar.',
    '一次成功登录使所在网络成为常用网络的时长。',
  ),
  'backend.check_interval': live(
    duration('1s', '1h'),
    '5s',
    'Time between checks of a backend.',
    '检查后端的间隔。',
  ),
  'backend.check_timeout': live(
    duration('100ms', '60s'),
    '3s',
    'Longest wait for a backend in a check.',
    '检查时等待后端的最长时间。',
  ),
  'backend.fall': live(
    wholeNumber(1, 100),
    '3',
    'Timed-out checks until a backend is down.',
    '连续超时多少次后视后端为故障。',
  ),
  'backend.rise': live(
    wholeNumber(1, 100),
    '2',
    'Good checks until a backend is up again.',
    '连续正常多少次后视后端为恢复。',
  ),
  'backend.dns_servers': live(
    dnsServers,
    '',
    "DNS servers for backend names; empty means the system's.",
    '解析后端域名的 DNS 服务器；留空则使用系统的。',
  ),
  'totp.issuer': live(
    line(1, 64),
    'MailGateway',
    'Name that authenticator apps show.',
    '验证器应用中显示的名称。',
  ),
  'totp.secret_length': live(
    wholeNumber(16, 64),
    '20',
    'Length of new TOTP secrets in bytes.',
    '新的 TOTP 密钥的字节数。',
  ),
  'totp.grant_idle': live(
    duration('0s', '365d'),
    '7d',
    'How long an unused grant lives; 0 = a fresh code at each login.',
    '授权闲置多久后失效；0 表示每次登录都需要新的验证码。',
  ),
  'totp.grant_max': live(
    duration('0s', '365d'),
    '30d',
    'How long a grant lives at most.',
    '授权最长的有效时间。',
  ),
  'totp.grant_roam': live(
    wholeNumber(0, 100),
    '0',
    'New networks a day that a granted string may open.',
    '已授权的密码串每天可在多少个新网络中使用。',
  ),
}
