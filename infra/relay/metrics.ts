/** What a relay counts, in Prometheus' text format. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type CallResult, callResults } from './cloud.ts'

/**
 * What mail clients were told: the gateway's answer; one from memory; a temporary failure because there was none; a refusal
 * of what was no request.
 */
const outcomes = ['relayed', 'remembered', 'failed', 'unreadable'] as const
export type Outcome = (typeof outcomes)[number]

export interface RelayMetrics {
  asked(outcome: Outcome): void
  called(result: CallResult, ms: number): void
  print(): Promise<string>
}

const callBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** @param remembered refusals in memory now */
export function createRelayMetrics(remembered: () => number): RelayMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const asked = new Counter({
    name: 'mailgateway_relay_requests_total',
    help: 'Login attempts that nginx has asked about, by what it was told.',
    labelNames: ['outcome'],
    registers,
  })
  const called = new Histogram({
    name: 'mailgateway_relay_call_duration_seconds',
    help: 'Calls of the function, by what came of them.',
    labelNames: ['result'],
    buckets: callBuckets,
    registers,
  })
  for (const outcome of outcomes) asked.inc({ outcome }, 0)
  for (const result of callResults) called.zero({ result })
  new Gauge({
    name: 'mailgateway_relay_remembered_refusals',
    help: 'Bans and locks that are answered without a call.',
    registers,
    collect() {
      this.set(remembered())
    },
  })
  return {
    asked: outcome => asked.inc({ outcome }),
    called: (result, ms) => called.observe({ result }, ms / 1_000),
    print: () => registry.metrics(),
  }
}
