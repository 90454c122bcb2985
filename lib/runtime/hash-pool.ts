/** bcrypt in threads: a bounded queue, a deadline, and one computation for equal ones in flight. */
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tinypool } from 'tinypool'
import { bcryptCost, HashBusy, type Passwords } from '../mailbox/passwords.ts'
import type { Metrics } from '../metrics.ts'
import type { Settings } from '../settings/definitions.ts'
import type { HashTask } from './hash-worker.ts'

export interface HashPool extends Passwords {
  /** Calls whose computation has not begun. */
  waiting(): number
  /** Refuses the calls that wait, as HashBusy. */
  close(): Promise<void>
}

function threadsByDefault(processes: number): number {
  const cores = availableParallelism()
  const threads = process.platform === 'linux' ? cores : cores - 1
  return Math.max(1, Math.ceil(threads / processes))
}

interface Waiting {
  task: HashTask
  /** Monotonic milliseconds after which nobody waits for the result any more. */
  endsAt: number
  done: PromiseWithResolvers<string | boolean>
}

/** `.ts` in the source tree, `.mjs` in a bundle. */
const workerFile = fileURLToPath(new URL(`./hash-worker${extname(import.meta.url)}`, import.meta.url))
/** How much the newest measurement weighs in the expected duration of a hash. */
const newest = 0.2

/**
 * @param settings live: `hash_threads` at the start, 0 = one per core, or where they cannot have a lower priority
 *   (hash-worker.ts) one less, at least one; `hash_deadline` is the longest wait in milliseconds: who cannot be served by
 *   then is turned away at once instead of at the end
 * @param processes that share the cores
 */
export function createHashPool(
  settings: Pick<Settings['auth'], 'hash_threads' | 'hash_deadline'>,
  metrics?: Metrics,
  processes = 1,
): HashPool {
  const size = settings.hash_threads || threadsByDefault(processes)
  const pool = new Tinypool({ filename: workerFile, minThreads: size, maxThreads: size })
  const queue: Waiting[] = []
  const inFlight = new Map<string, Promise<string | boolean>>()
  let running = 0
  let expectedMs = 80

  const takeTurn = (task: HashTask) => {
    const { hash_deadline: deadlineMs } = settings
    const waitMs = ((queue.length + running) * expectedMs) / size
    if (waitMs > deadlineMs) throw refuse(`a hash would have to wait ${Math.round(waitMs)} ms`)
    const done = Promise.withResolvers<string | boolean>()
    queue.push({ task, endsAt: performance.now() + deadlineMs, done })
    startNext()
    return done.promise
  }

  const share = async (key: string, task: HashTask) => {
    const known = inFlight.get(key)
    if (known) return known
    const computation = takeTurn(task)
    inFlight.set(key, computation)
    try {
      return await computation
    } finally {
      inFlight.delete(key)
    }
  }

  /** New hashes are an administrator's: they go first, so that a flood of guesses cannot hold up a password change. */
  const make = (task: HashTask) => {
    const done = Promise.withResolvers<string | boolean>()
    queue.unshift({ task, endsAt: Infinity, done })
    startNext()
    return done.promise
  }

  const refuse = (why: string) => {
    metrics?.hashRefused()
    return new HashBusy(why)
  }

  const startNext = () => {
    while (running < size) {
      const next = queue.shift()
      if (!next) return
      if (next.endsAt < performance.now())
        next.done.reject(refuse(`a hash waited for ${settings.hash_deadline} ms`))
      else void compute(next)
    }
  }

  const compute = async ({ task, done }: Waiting) => {
    running++
    const startedAt = performance.now()
    try {
      done.resolve(await pool.run(task))
      const tookMs = performance.now() - startedAt
      expectedMs += (tookMs - expectedMs) * newest
      metrics?.hashed(tookMs)
    } catch (error) {
      done.reject(error)
    }
    running--
    startNext()
  }

  return {
    async hash(password, cost = bcryptCost) {
      return (await make({ password, hash: cost })) as string
    },

    async verify(password, hash) {
      return (await share(`${hash} ${password}`, { password, hash })) as boolean
    },

    async hashInTurn(password, place) {
      return (await share(`${place} ${password}`, { password, hash: bcryptCost })) as string
    },

    waiting: () => queue.length,

    async close() {
      for (const { done } of queue.splice(0)) done.reject(new HashBusy('the hash pool is closing'))
      await pool.destroy()
    },
  }
}
