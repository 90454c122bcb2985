/** One answer for the metrics of all workers, kept by their primary. */
import type { Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { addUp, countsOf, type MetricValues, printValues } from '../../lib/runtime/metrics-sum.ts'
import type { FromPrimary, FromWorker } from './messages.ts'

export interface SharedMetrics {
  add(worker: Worker): void
  /** What a worker tells of itself. */
  note(worker: Worker, told: Extract<FromWorker, { kind: 'own metrics' }>): void
  remove(worker: Worker): void
  /** Sums over all workers. A worker that does not answer soon is in it with its counts as they were last seen. */
  print(): Promise<string>
}

const answerMs = 1_000

export function createSharedMetrics(): SharedMetrics {
  const latest = new Map<Worker, MetricValues>()
  let ofGone: MetricValues = []
  let asking: Promise<string> | null = null
  let round = 0
  let waitingFor = new Set<Worker>()
  let allAnswered = Promise.withResolvers<void>()

  const strike = (worker: Worker) => {
    waitingFor.delete(worker)
    if (waitingFor.size === 0) allAnswered.resolve()
  }

  const ask = async () => {
    round += 1
    waitingFor = new Set(latest.keys())
    allAnswered = Promise.withResolvers<void>()
    for (const worker of waitingFor) worker.send({ kind: 'own metrics wanted', round } satisfies FromPrimary)
    const giveUp = new AbortController()
    await Promise.race([
      allAnswered.promise,
      sleep(answerMs, undefined, { signal: giveUp.signal }).catch(() => {}),
    ])
    giveUp.abort()
    const parts = [...latest].map(([worker, metrics]) =>
      waitingFor.has(worker) ? countsOf(metrics) : metrics,
    )
    asking = null
    return printValues([...parts, ofGone])
  }

  return {
    add: worker => latest.set(worker, []),
    note(worker, told) {
      if (!latest.has(worker)) return
      latest.set(worker, told.metrics)
      if (told.round === round) strike(worker)
    },
    remove(worker) {
      // A sum that sank would read as a new beginning, and all of it would count once more.
      const last = latest.get(worker)
      latest.delete(worker)
      strike(worker)
      if (last)
        void addUp([ofGone, countsOf(last)]).then(sum => {
          ofGone = sum
        })
    },
    print: () => (asking ??= ask()),
  }
}
