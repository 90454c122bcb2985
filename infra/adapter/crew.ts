/** The workers of a gateway: so many of them, one for each that dies, and all of them exchanged without a gap. */
import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ConfigError } from '../../lib/runtime/config-error.ts'
import type { FromWorker } from './messages.ts'

interface Member {
  worker: Worker
  forkedAt: number
  isReady: boolean
  /** It was told to end. */
  isLeaving: boolean
  /** Why it could not begin, in its own words. */
  why: string | null
  /** Resolves when it is ready (true) or gone before (false). */
  began: Promise<boolean>
  /** Resolves when it is gone and all that it wrote was read. */
  gone: Promise<void>
}

export interface CrewParts {
  size: number
  log: Logger
  /** A new worker, which has not begun yet. */
  onFork(worker: Worker): void
  onReady(worker: Worker, welcome: string): void
  onGone(worker: Worker): void
}

export interface Crew {
  /** Workers that answer. */
  ready(): Worker[]
  /** Rejects, once, when it is no use to go on. */
  failure: Promise<never>
  /** Starts one new worker after the other, and ends an old one whenever a new one answers. Never rejects. */
  replaceAll(): Promise<void>
  /** Ends all and resolves when the last one is gone. */
  stop(): Promise<void>
}

const quickMs = 10_000
const mostQuickDeaths = 5
const longestPauseMs = 10_000

/**
 * Resolves when one worker answers. The first one begins alone: it brings the database up to date, and what keeps it from
 * beginning would keep all.
 * @throws ConfigError when the first one cannot begin
 */
export async function startCrew({ size, log, onFork, onReady, onGone }: CrewParts): Promise<Crew> {
  const members = new Set<Member>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  let isStopping = false
  let isReplacing = false
  let quickDeaths = 0

  const fork = (): Member => {
    const worker = cluster.fork()
    onFork(worker)
    const began = Promise.withResolvers<boolean>()
    const closed = Promise.withResolvers<void>()
    worker.process.on('close', closed.resolve)
    // One that has just died cannot be told anything any more; that it has, its end says.
    worker.on('error', () => {})
    const gone = closed.promise.then(() => bury(member))
    const member: Member = {
      worker,
      forkedAt: performance.now(),
      isReady: false,
      isLeaving: false,
      why: null,
      began: Promise.race([began.promise, gone.then(() => false)]),
      gone,
    }
    members.add(member)
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'failed') member.why = message.why
      if (message.kind !== 'ready') return
      member.isReady = true
      onReady(worker, message.welcome)
      began.resolve(true)
    })
    return member
  }

  const bury = (member: Member) => {
    members.delete(member)
    onGone(member.worker)
    if (isStopping || member.isLeaving || !isStarted) return
    void replace(member)
  }

  /** While another one answers it goes on for ever: what keeps a new one from beginning may pass. */
  const replace = async ({ worker, forkedAt, why }: Member) => {
    quickDeaths = performance.now() - forkedAt < quickMs ? quickDeaths + 1 : 0
    const { exitCode, signalCode } = worker.process
    log.error({ worker: worker.id, exitCode, signalCode, why }, 'a worker died, another one takes its place')
    if (quickDeaths >= mostQuickDeaths && ready().length === 0) {
      const last = why === null ? '' : `, the last because of this: ${why}`
      failed.reject(
        new Error(`${quickDeaths} workers died soon after their start, one after the other${last}`),
      )
      return
    }
    if (quickDeaths > 0)
      await sleep(Math.min(100 * 2 ** quickDeaths, longestPauseMs), undefined, { ref: false })
    if (!isStopping) fork()
  }

  const ready = () =>
    [...members].filter(({ isReady, isLeaving }) => isReady && !isLeaving).map(({ worker }) => worker)

  const end = (member: Member) => {
    member.isLeaving = true
    member.worker.process.kill('SIGTERM')
    return member.gone
  }

  const exchange = async (old: Member): Promise<boolean> => {
    // Neither of the two needs another one in its place, whatever happens meanwhile.
    old.isLeaving = true
    const next = fork()
    next.isLeaving = true
    const hasBegun = await next.began
    next.isLeaving = false
    if (hasBegun) {
      await end(old)
      return true
    }
    log.error({ why: next.why }, 'a new worker cannot begin: the old ones stay')
    old.isLeaving = false
    if (!members.has(old)) fork()
    return false
  }

  let isStarted = false
  const first = fork()
  if (!(await first.began)) {
    throw new ConfigError(first.why ?? 'the first worker died before it could answer')
  }
  isStarted = true
  for (let others = size - 1; others > 0; others--) fork()

  return {
    ready,
    failure: failed.promise,
    async replaceAll() {
      if (isReplacing || isStopping) return
      isReplacing = true
      for (const old of [...members]) {
        if (isStopping || !(await exchange(old))) break
      }
      isReplacing = false
    },
    async stop() {
      isStopping = true
      await Promise.all([...members].map(end))
    },
  }
}
