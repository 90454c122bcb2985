/** Counters and histograms of what happens in the gateway. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { reasons } from '../login/reasons.ts'
import { protocols } from '../mailbox/protocols.ts'
import { alerts, banEvents, cacheUses, guessCounters, type Metrics } from '../metrics.ts'

const loginBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const hashBuckets = [0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5]
const auditBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

const seconds = (ms: number) => ms / 1_000

/**
 * Every series whose labels are known is there from the start, at 0: an increase from nothing to 1 would not be seen.
 */
export function createEventMetrics(registry: Registry): Metrics {
  const registers = [registry]

  const count = (name: string, help: string) => new Counter({ name, help, registers })

  const countBy = (label: string, values: readonly string[], name: string, help: string) => {
    const counter = new Counter({ name, help, labelNames: [label], registers })
    for (const value of values) counter.inc({ [label]: value }, 0)
    return (value: string) => counter.inc({ [label]: value })
  }

  const measure = (buckets: number[], name: string, help: string) =>
    new Histogram({ name, help, buckets, registers })

  const logins = new Counter({
    name: 'mailgateway_logins_total',
    help: 'Login attempts by protocol, result (later = temporary failure) and reason.',
    labelNames: ['protocol', 'result', 'reason'],
    registers,
  })
  for (const protocol of [...protocols, 'unknown']) {
    for (const [reason, { kind: result }] of Object.entries(reasons))
      logins.inc({ protocol, result, reason }, 0)
  }
  const loginDuration = new Histogram({
    name: 'mailgateway_login_duration_seconds',
    help: 'From a login request to its answer, its audit row included, by use of the credential cache.',
    labelNames: ['cache'],
    buckets: loginBuckets,
    registers,
  })
  for (const cache of cacheUses) loginDuration.zero({ cache })
  const sentTo = new Counter({
    name: 'mailgateway_backend_logins_total',
    help: 'Logins sent to a backend.',
    labelNames: ['protocol', 'backend'],
    registers,
  })
  const countHeldBack = countBy(
    'counter',
    guessCounters,
    'mailgateway_guessing_refusals_total',
    'Login attempts kept out because a counter of guesses had reached its limit.',
  )
  const countAlert = countBy(
    'alert',
    alerts,
    'mailgateway_guessing_alerts_total',
    'Alerts about guessing; each is an entry of the log too.',
  )
  const countBan = countBy('event', banEvents, 'mailgateway_bans_made_total', 'Bans by what led to them.')
  const hashDuration = measure(
    hashBuckets,
    'mailgateway_hash_duration_seconds',
    'Computation of a password hash, without the wait for it.',
  )
  const hashesRefused = count(
    'mailgateway_hashes_refused_total',
    'Password hashes not computed because they would have had to wait too long.',
  )
  const batch = measure(batchBuckets, 'mailgateway_audit_batch_attempts', 'Attempts in one audit insert.')
  const insert = measure(
    auditBuckets,
    'mailgateway_audit_insert_duration_seconds',
    'One insert into the audit log until it is durable.',
  )
  const lag = measure(
    auditBuckets,
    'mailgateway_audit_lag_seconds',
    'Wait of the oldest attempt of an insert, from its decision until it is durable.',
  )
  const folded = count(
    'mailgateway_audit_folded_attempts_total',
    'Attempts of banned addresses that share an audit row with others.',
  )
  const spooled = count(
    'mailgateway_spool_rows_total',
    'Rows of the auth log that went to the spool, because the database was away.',
  )
  const drained = count(
    'mailgateway_spool_drained_rows_total',
    'Rows of the auth log that came from the spool into the database.',
  )

  const hotBatch = measure(
    batchBuckets,
    'mailgateway_hot_state_batch_lists',
    'Lists of operations in one call of Redis; nothing with the memory of the process.',
  )
  const hotDuration = measure(
    auditBuckets,
    'mailgateway_hot_state_call_duration_seconds',
    'One call of Redis, from the time that it leaves to its answer.',
  )
  const hotFailures = count('mailgateway_hot_state_failures_total', 'Calls of Redis that failed.')

  return {
    loginDecided({ protocol, result, reason, cache, heldBackBy, backend, ms }) {
      logins.inc({ protocol, result, reason })
      loginDuration.observe({ cache }, seconds(ms))
      if (backend !== null) sentTo.inc({ protocol, backend })
      if (heldBackBy !== null) countHeldBack(heldBackBy)
    },
    hashed: ms => hashDuration.observe(seconds(ms)),
    hashRefused: () => hashesRefused.inc(),
    auditWritten(written) {
      batch.observe(written.attempts)
      insert.observe(seconds(written.insertMs))
      lag.observe(seconds(written.lagMs))
      folded.inc(written.folded)
    },
    rowsSpooled: rows => spooled.inc(rows),
    rowsDrained: rows => drained.inc(rows),
    banMade: countBan,
    alertRaised: countAlert,
    hotStateCalled({ lists, ms, failed }) {
      if (failed) hotFailures.inc()
      hotBatch.observe(lists)
      hotDuration.observe(seconds(ms))
    },
  }
}
