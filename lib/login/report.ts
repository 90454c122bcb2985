/** What is told of a decision to whoever watches the gateway. */
import type { GuessCounter, LoginReport } from '../metrics.ts'
import type { Attempt, Decision } from './attempt.ts'
import type { Reason } from './reasons.ts'
import type { Facts } from './recall.ts'

/** The counter that stands behind a reason; that of an automatic ban is the ban's own. */
const counters: Partial<Record<Reason, GuessCounter>> = {
  locked: 'user',
  locked_here: 'user',
  too_many_guesses: 'user',
  shut_to_strangers: 'user_total',
  many_networks: 'stuffing',
}

/**
 * @param facts undefined = nothing was looked up, or something broke
 * @param hashed whether the password cost a hash; undefined = nobody looked at it
 */
export function reportLogin(
  attempt: Attempt,
  decision: Decision,
  facts: Facts | undefined,
  hashed: boolean | undefined,
  ms: number,
): LoginReport {
  const accepted = decision.kind === 'accept'
  const reason = accepted ? 'ok' : decision.reason
  const heldBackBy = reason === 'banned_automatically' ? eventOf(facts) : (counters[reason] ?? null)
  return {
    protocol: attempt.protocol ?? 'unknown',
    result: decision.kind,
    reason,
    cache: hashed === undefined ? 'unused' : hashed ? 'miss' : 'hit',
    heldBackBy,
    backend: accepted ? `${decision.route.backend.host}:${decision.route.port}` : null,
    ms,
  }
}

function eventOf(facts: Facts | undefined): GuessCounter | null {
  const event = facts?.guard.standing.ban?.event_type
  return event === undefined || event === 'manual' ? null : event
}
