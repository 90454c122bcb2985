/** Redis, where it is the hot state: reachable, of use, quick, and one that drops nothing. */
import { inspectRedis } from '../../lib/hot-state/inspect.ts'
import { refusePolicy, refuseServer } from '../../lib/hot-state/server.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { redisOptions } from '../../lib/runtime/hot-state.ts'
import { fail, type Note, ok, warn } from './finding.ts'

/** Every login waits for one round trip. */
const slowMs = 5

export async function checkRedis(url: string, settings: Config['settings']): Promise<Note[]> {
  try {
    const { facts, latencyMs } = await inspectRedis(redisOptions(url, settings))
    const refusal = refuseServer(facts)
    if (refusal !== null)
      return [fail(`it cannot be used: ${refusal}`, 'logins get a temporary failure until then')]
    const policy = refusePolicy(facts)
    const answers = `Redis ${facts.version} answers in ${latencyMs.toFixed(1)} ms`
    return [
      latencyMs < slowMs
        ? ok(answers)
        : warn(answers, 'put it nearer: every login waits for it at least once'),
      policy === null
        ? ok('it drops nothing before its time')
        : fail(policy, 'the gateway does not start with it'),
    ]
  } catch (error) {
    return [fail((error as Error).message, 'logins get a temporary failure until it is back')]
  }
}
