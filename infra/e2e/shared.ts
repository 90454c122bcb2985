/** A database and a corner of Redis that several gateways of a test share, on the servers that all tests of a run share. */
import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { createOnServer } from './databases.ts'
import { type MariadbAccess, reachMariadb } from './mariadb.ts'
import { commandOf, type RedisServer } from './redis.ts'

export interface Shared extends Pick<MariadbAccess, 'query'>, Pick<RedisServer, 'command'> {
  /** What tells a gateway of both, as environment variables. */
  settings: Record<string, string>
}

export async function openShared(): Promise<Shared> {
  const { folder, port } = inject('mariadb')
  const { url: redisUrl } = inject('redis')
  const { name, url } = await createOnServer()
  return {
    settings: {
      DATABASE_URL: url,
      REDIS_URL: redisUrl,
      MAILGATEWAY_REDIS_PREFIX: `${name}:`,
      MAILGATEWAY_SECRET_KEY: randomBytes(32).toString('base64url'),
    },
    query: reachMariadb(folder, port).query,
    command: commandOf(redisUrl),
  }
}
