/** The decisions of a login, without any doing: same facts, same answer. */
import type { Choice, Wanted } from '../backend/rules.ts'
import type { Account } from '../mailbox/account.ts'
import type { Protocol } from '../mailbox/protocols.ts'
import { maxPasswordBytes } from '../mailbox/rules.ts'
import type { Acceptance, Attempt, Decision, Rejection } from './attempt.ts'
import type { Guard } from './guard.ts'
import { type Hindrance, reasons } from './reasons.ts'

/** Whose password was shown to be right, or what stands in the way. */
export type Verdict = { account: Account } | { reason: Hindrance }

/** What is left of an attempt that is worth a look at the account. */
export interface Credentials {
  /** Canonical. */
  name: string
  password: string
  protocol: Protocol
}

/** nginx keeps every attempt of a connection in memory until it ends (nginx.org asks to stop after 10 to 20). */
const attemptsPerConnection = 10
const longestWaitSeconds = 5

/** Stops what cannot be right, whoever the user is. `name` null = the text is no name. */
export function precheck(attempt: Attempt, name: string | null): Credentials | { reason: Hindrance } {
  const { fault, protocol, password } = attempt
  if (fault !== null) return { reason: fault }
  if (protocol === null) return { reason: 'bad_request' }
  if (name === null) return { reason: 'bad_name' }
  if (password === '') return { reason: 'empty_password' }
  if (Buffer.byteLength(password) > maxPasswordBytes) return { reason: 'password_too_long' }
  return { name, password, protocol }
}

/**
 * Whether guessing keeps this attempt out before its password is looked at. An administrator's ban holds for everyone;
 * all else spares the networks that the user is familiar in, which have only a lock of their own.
 */
export function guard(facts: Guard): Hindrance | null {
  const { ban, allowed, shared } = facts.standing
  if (ban?.event_type === 'manual') return 'banned'
  if (facts.familiar) return facts.lockedHere ? 'locked_here' : null
  if (ban && !allowed && !shared) return 'banned_automatically'
  if (facts.guesses >= facts.mostGuesses) return 'shut_to_strangers'
  if (facts.shut) return facts.shut
  return facts.lockedToStrangers ? 'locked' : null
}

/** Adds what the account itself says, only once the password was right: else the answer would tell of accounts. */
export function judge(proof: Verdict, protocol: Protocol): Verdict {
  if ('reason' in proof) return proof
  if (!proof.account.enabled) return { reason: 'disabled' }
  if (!proof.account.protocols.includes(protocol)) return { reason: 'protocol_not_allowed' }
  return proof
}

export function wantedRoute(
  { name: user, domain, pool }: Account,
  protocol: Protocol,
): Wanted & { user: string } {
  return { protocol, domain, pool, user }
}

/** The last word on a proven login. `route` is null when no backend can take it. */
export function conclude(attempt: Attempt, account: Account, route: Choice | null): Decision {
  if (route === null) return decline('no_backend', attempt)
  return { kind: 'accept', route, backendLogin: account.login }
}

/** @param guarded what is known of the client's network: half way to a ban, its answers come slowly */
export function decline(reason: Hindrance, attempt: Attempt, guarded?: Guard): Rejection {
  const slow = guarded?.slow === true && !guarded.familiar
  const rejection = { kind: reasons[reason].kind, reason }
  // Nobody holds a connection open for a banned client.
  return { ...rejection, waitSeconds: isBanned(rejection) ? null : waitFor(attempt.number, slow) }
}

/** Such attempts are counted in the auth log, not listed one by one. */
export function isBanned(decision: Pick<Rejection, 'kind' | 'reason'> | Acceptance): boolean {
  if (decision.kind === 'accept') return false
  return decision.reason === 'banned' || decision.reason === 'banned_automatically'
}

/** 1, 1, 2, 2, … 5, 5 seconds for the first ten attempts of a connection; then nginx closes it. */
function waitFor(attemptNumber: number, slow: boolean): number | null {
  if (attemptNumber > attemptsPerConnection) return null
  return slow ? longestWaitSeconds : Math.min(longestWaitSeconds, Math.ceil(attemptNumber / 2))
}
