/** The decisions of a login, without any doing: same facts, same answer. */
import type { Choice, Wanted } from '../backend/rules.ts'
import type { Account } from '../mailbox/account.ts'
import type { Protocol } from '../mailbox/protocols.ts'
import { codeDigits, endsInCode, isUnsendable, maxPasswordBytes, withoutCode } from '../mailbox/rules.ts'
import type { Acceptance, Attempt, Code, Credentials, Decision, Rejection, Verdict } from './attempt.ts'
import type { Guard } from './guard.ts'
import { type Hindrance, reasons } from './reasons.ts'

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
  const composed = password.normalize('NFC')
  const mostBytes = maxPasswordBytes + (endsInCode(composed) ? codeDigits : 0)
  if (Buffer.byteLength(composed) > mostBytes) return { reason: 'password_too_long' }
  return { name, password: composed, protocol }
}

/**
 * Whether guessing keeps this attempt out before its password is looked at. An administrator's ban holds for everyone;
 * all else spares the networks that the user is familiar in, which have only a lock of their own.
 */
export function guard(facts: Guard): Hindrance | null {
  const { ban, allowed, shared } = facts.standing
  if (ban?.event_type === 'manual') return 'banned'
  const crowded = facts.full ? 'too_many_guesses' : null
  if (facts.familiar) return facts.lockedHere ? 'locked_here' : crowded
  if (ban && !allowed && !shared) return 'banned_automatically'
  if (facts.guesses >= facts.mostGuesses) return 'shut_to_strangers'
  if (facts.shut) return facts.shut
  return facts.lockedToStrangers ? 'locked' : crowded
}

/**
 * @param code what it would need besides, if the password is right
 * @param wasGood whether the string was good once, with a code that is not asked for any more
 */
export function concludeProof(
  account: Account | null,
  right: boolean,
  code: Code | { reason: Hindrance },
  wasGood: boolean,
): Verdict {
  if (!account) return { reason: 'unknown_user' }
  if (!right) return { reason: wasGood ? 'grant_ended' : 'wrong_password' }
  return 'reason' in code ? code : { account, code }
}

/** Adds what the account itself says, only once the password was right: else the answer would tell of accounts. */
export function judge(proof: Verdict, { protocol, password }: Credentials): Verdict {
  if ('reason' in proof) return proof
  const { account } = proof
  if (!account.enabled) return { reason: 'disabled' }
  if (!account.protocols.includes(protocol)) return { reason: 'protocol_not_allowed' }
  if (account.totp && isUnsendable(withoutCode(password))) return { reason: 'password_unsendable' }
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
  // The backend knows nothing of codes.
  const backendPassword = account.totp ? withoutCode(attempt.password) : null
  return { kind: 'accept', route, backendLogin: account.login, backendPassword }
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
