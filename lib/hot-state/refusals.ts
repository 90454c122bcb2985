/** Why Redis cannot be used at the start, in one line that names the setting and says what to do. */
import type { RedisOptions } from 'ioredis'

/** The message is one line and holds no secret. */
export class RedisUnusable extends Error {
  override name = 'RedisUnusable'
}

const refusals: [pattern: RegExp, setting: string, advice: string][] = [
  [
    /sentinel/i,
    'redis.sentinels',
    'no Sentinel tells where the primary is; look at addresses, redis.sentinel_master and redis.sentinel_password',
  ],
  [
    /WRONGPASS|NOAUTH|invalid password|AUTH .*without any password/i,
    'redis.user and redis.password',
    'it does not know this user and password; correct them, or the ACL of Redis',
  ],
  [/DB index|invalid DB/i, 'redis.db', 'it has no database of that number; take a smaller one'],
  [
    /NOPERM/,
    'redis.user',
    'the user may not do all that is needed; its ACL needs +@all and the keys of redis.prefix',
  ],
  [
    /certificate|CERT|self.signed|altname/i,
    'redis.tls_ca',
    'its certificate is not trusted for that name; give the CA that signed it, and the name that stands in it',
  ],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ECONNRESET|ETIMEDOUT|timed out|closed/,
    'redis.host and redis.port',
    'it cannot be reached; start it, correct host and port, or look whether one of both wants TLS (rediss://)',
  ],
]

export function whyUnusable(error: Error & { code?: string }, options: RedisOptions): string {
  const said = `${error.message} ${error.code ?? ''}`
  const where = options.sentinels
    ? `${options.name} at Sentinel ${options.sentinels.map(({ host, port }) => `${host}:${port}`).join(', ')}`
    : `${options.host}:${options.port}`
  const known = refusals.find(([pattern]) => pattern.test(said))
  if (known === undefined) return `redis.host or REDIS_URL: Redis at ${where}: ${error.message}`
  const [, setting, advice] = known
  return `${setting} or REDIS_URL: Redis at ${where}: ${advice} (${error.code ?? error.message})`
}
