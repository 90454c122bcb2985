/** The decisions of a login, without any doing: same facts, same answer. */
import type { Choice, Wanted } from '../backend/rules.ts'
import type { Account } from '../mailbox/account.ts'
import type { Protocol } from '../mailbox/protocols.ts'
import { maxPasswordBytes } from '../mailbox/rules.ts'
import type { Attempt, Decision } from './attempt.ts'
import type { LaterReason, RefuseReason } from './reasons.ts'

/** Whose password was shown to be right, or why the login is refused. */
export type Verdict = { account: Account } | { reason: RefuseReason }

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
export function precheck(attempt: Attempt, name: string | null): Credentials | { reason: RefuseReason } {
  const { fault, protocol, password } = attempt
  if (fault !== null) return { reason: fault }
  if (protocol === null) return { reason: 'bad_request' }
  if (name === null) return { reason: 'bad_name' }
  if (password === '') return { reason: 'empty_password' }
  if (Buffer.byteLength(password) > maxPasswordBytes) return { reason: 'password_too_long' }
  return { name, password, protocol }
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
  return route === null
    ? later('no_backend', attempt)
    : { kind: 'accept', route, backendLogin: account.login }
}

export function refuse(reason: RefuseReason, attempt: Attempt): Decision {
  return { kind: 'refuse', reason, waitSeconds: waitSeconds(attempt.number) }
}

export function later(reason: LaterReason, attempt: Attempt): Decision {
  return { kind: 'later', reason, waitSeconds: waitSeconds(attempt.number) }
}

/** 1, 1, 2, 2, … 5, 5 seconds for the first ten attempts of a connection; then it is closed. */
function waitSeconds(attemptNumber: number): number | null {
  if (attemptNumber > attemptsPerConnection) return null
  return Math.min(longestWaitSeconds, Math.ceil(attemptNumber / 2))
}
