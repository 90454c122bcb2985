/** Which hot state the configuration means. */
import type { Logger } from 'pino'
import { agreeOnGeneration, raiseGeneration, readGeneration } from '../database/generation.ts'
import type { Database } from '../database/schema.ts'
import { createMemoryHotState } from '../hot-state/memory.ts'
import type { HotState } from '../hot-state/port.ts'
import { openRedisHotState } from '../hot-state/redis.ts'
import { RedisUnusable } from '../hot-state/refusals.ts'
import { toOptions } from '../hot-state/target.ts'
import type { Metrics } from '../metrics.ts'
import { readServer } from '../settings/addresses.ts'
import type { Config } from './config.ts'
import { ConfigError } from './config-error.ts'

interface HotStateParts {
  db: Database
  log: Logger
  steady: () => number
  metrics: Metrics | undefined
  sleeps: boolean
}

/** @throws ConfigError, one line, when Redis is asked for and cannot be used */
export async function openHotState(
  config: Config,
  { db, log, steady, metrics, sleeps }: HotStateParts,
): Promise<HotState> {
  const { hotState, settings } = config
  if (hotState.kind === 'memory') return createMemoryHotState(steady)
  try {
    return await openRedisHotState({
      options: redisOptions(hotState.url, settings),
      prefix: settings.redis.prefix,
      keeper: {
        agree: server => agreeOnGeneration(db, server),
        read: () => readGeneration(db),
        raise: () => raiseGeneration(db),
      },
      log,
      sleeps,
      onCall: metrics?.hotStateCalled,
    })
  } catch (error) {
    throw error instanceof RedisUnusable ? new ConfigError(error.message, { cause: error }) : error
  }
}

/** Where Redis is. @throws RedisUnusable when the file with the CA cannot be read */
export const redisOptions = (url: string, { redis }: Config['settings']) =>
  toOptions({
    url,
    sentinels: redis.sentinels.map(server => readServer(server)!),
    sentinelMaster: redis.sentinel_master,
    sentinelPassword: redis.sentinel_password,
  })
