/** Work that is done once per interval for all processes that share a hot state. */

import type { HotState } from '../hot-state/port.ts'
import { pause } from '../pause.ts'

export interface Job {
  name: string
  everyMs: number
  /** Must bear being done twice: a process that takes longer than an interval does not keep others away. */
  run(signal: AbortSignal): Promise<void>
}

export interface JobServices {
  hot: HotState
  /** The process's name, for whoever looks into the hot state. */
  node: string
  log: { error(about: object, text: string): void }
}

/** A lease ends before its interval: the next turn, of whichever process, must not find it still held. */
const leaseShare = 0.9

/**
 * Begins to do the jobs, each for the first time at once. One that fails is logged and tried again at its next turn, by
 * whichever process comes first.
 * @returns a function that ends them: it aborts what runs and resolves when it has ended
 */
export function startJobs(services: JobServices, jobs: Job[]): () => Promise<void> {
  const stopping = new AbortController()
  const loops = jobs.map(job => repeat(services, job, stopping.signal))
  return async () => {
    stopping.abort()
    await Promise.all(loops)
  }
}

async function repeat(services: JobServices, job: Job, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await runIfDue(services, job, signal)
    await pause(job.everyMs, signal)
  }
}

/** `not due`: some process has done it in this interval, or is about to. */
export type JobOutcome = 'done' | 'not due' | 'failed'

/**
 * Does once what is due, one after the other: for a host that lives on only as long as it is asked something.
 * @param signal ends it; what is left is done at the next time
 * @returns what became of each, by name
 */
export async function runDueJobs(
  services: JobServices,
  jobs: Job[],
  signal: AbortSignal,
): Promise<Record<string, JobOutcome>> {
  const outcomes: Record<string, JobOutcome> = {}
  for (const job of jobs) {
    if (signal.aborted) break
    outcomes[job.name] = await runIfDue(services, job, signal)
  }
  return outcomes
}

/** Never rejects. */
async function runIfDue(services: JobServices, job: Job, signal: AbortSignal): Promise<JobOutcome> {
  try {
    if (!(await takeLease(services, job))) return 'not due'
    await job.run(signal)
    return 'done'
  } catch (error) {
    services.log.error({ err: error, job: job.name }, 'a job failed; it is tried again')
    return 'failed'
  }
}

async function takeLease({ hot, node }: JobServices, { name, everyMs }: Job): Promise<boolean> {
  const ttlMs = Math.floor(everyMs * leaseShare)
  const [taken] = await hot.apply([{ op: 'claim', key: `job:${name}`, value: node, ttlMs }])
  return taken
}
