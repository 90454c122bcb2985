/** What the gateway writes about its own work. */
import { fixed, live } from './definition.ts'
import { duration, line, oneOf, size, wholeNumber } from './values.ts'

export const logSettings = {
  'log.level': live(
    oneOf('trace', 'debug', 'info', 'warn', 'error'),
    'info',
    'Least severity logged.',
    '记录的最低日志级别。',
  ),
  'log.file_path': fixed(
    line(0, 1000),
    '',
    'Log file; empty means standard output.',
    '日志文件；留空则写到标准输出。',
  ),
  'log.auth_fail_path': fixed(
    line(0, 1000),
    '',
    'File of refused logins, for fail2ban; empty means none.',
    '记录被拒登录的文件，供 fail2ban 使用；留空则不写。',
  ),
  'log.max_size': fixed(
    size('1KB', '10GB'),
    '50MB',
    'Size at which a log file is turned over.',
    '日志文件达到此大小时轮换。',
  ),
  'log.max_age': fixed(
    duration('1m', '365d'),
    '24h',
    'Age at which a log file is turned over.',
    '日志文件使用多久后轮换。',
  ),
  'log.spool_max': fixed(
    size('64KB', '10GB'),
    '100MB',
    'Disk for rows of the auth log while the database is away, per process.',
    '数据库不可用时，每个进程暂存认证日志的磁盘上限。',
  ),
  'log.max_files': fixed(
    wholeNumber(1, 10_000),
    '14',
    'Old files kept of each log file.',
    '每个日志文件保留的旧文件数。',
  ),
  'log.retention': live(
    duration('0s', '3650d'),
    '365d',
    'How long the auth log is kept; 0 = for ever.',
    '认证日志的保留时间；0 表示永久。',
  ),
}
