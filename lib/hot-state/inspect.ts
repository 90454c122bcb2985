/** A look at Redis from outside, for whoever wants to know whether it will do. */
import { Redis, type RedisOptions } from 'ioredis'
import { RedisUnusable, whyUnusable } from './refusals.ts'
import { readInfo, type ServerFacts } from './server.ts'

export interface Inspection {
  facts: ServerFacts
  /** The middle of several round trips. */
  latencyMs: number
}

const deadlineMs = 2_000
const pings = 9

/** Over a connection of its own, which it closes. @throws RedisUnusable, one line */
export async function inspectRedis(options: RedisOptions): Promise<Inspection> {
  const client = new Redis({
    ...options,
    lazyConnect: true,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
    retryStrategy: null,
    sentinelRetryStrategy: () => null,
  })
  let lastError: Error | null = null
  client.on('error', (error: Error) => {
    lastError = error
  })
  try {
    await client.connect()
    await client.select(options.db ?? 0)
    const facts = readInfo(await client.info())
    const times: number[] = []
    for (let n = 0; n < pings; n++) {
      const startedAt = performance.now()
      await client.ping()
      times.push(performance.now() - startedAt)
    }
    return { facts, latencyMs: times.toSorted((a, b) => a - b)[Math.floor(pings / 2)]! }
  } catch (error) {
    // Without a cause: the driver's errors hold the arguments of their command, a password among them.
    throw new RedisUnusable(whyUnusable(lastError ?? (error as Error), options))
  } finally {
    client.disconnect()
  }
}
