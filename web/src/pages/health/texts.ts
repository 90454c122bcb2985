import type { Texts } from '../../app/language.ts'

const en = {
  ready: 'Logins can be decided',
  notReady: 'Logins cannot be decided',
  lookedAt: 'Looked at anew every 5 seconds',
  away: 'The gateway does not answer. It is asked again by itself.',
  parts: 'Parts',
  database: 'Database',
  hotState: 'Counters and caches',
  answers: 'It answers',
  kinds: {
    sqlite: 'SQLite, in the data folder',
    mysql: (place: string) => `MySQL or MariaDB at ${place}`,
    memory: 'In the memory of this process',
    redis: (place: string) => `Redis at ${place}`,
    sentinel: 'Redis, found by Sentinel',
  },
  version: 'Version',
  admin: 'Console and API',
  nginx: 'nginx asks at',
  lastAttempt: 'Last question of nginx',
  noneYet: 'None has arrived yet. Paste the lines below, reload nginx and log in with a mail client.',
  lines: 'For nginx',
}

const zh: typeof en = {
  ready: '可以正常判定登录',
  notReady: '无法判定登录',
  lookedAt: '每 5 秒刷新',
  away: '网关没有响应，会自动重试。',
  parts: '组成部分',
  database: '数据库',
  hotState: '计数与缓存',
  answers: '响应正常',
  kinds: {
    sqlite: 'SQLite，位于数据目录',
    mysql: place => `MySQL 或 MariaDB，${place}`,
    memory: '本进程内存',
    redis: place => `Redis，${place}`,
    sentinel: 'Redis，由 Sentinel 发现',
  },
  version: '版本',
  admin: '控制台与 API',
  nginx: 'nginx 询问地址',
  lastAttempt: 'nginx 最近一次询问',
  noneYet: '尚未收到任何询问。请粘贴下面的配置，重新加载 nginx，再用邮件客户端登录。',
  lines: 'nginx 配置',
}

export const texts: Texts<typeof en> = { en, zh }
