/** Why a login would be decided as it would: the straight line of `authenticate`, with nothing counted, spent or written. */

import type { BackendStatus } from '../backend/shapes.ts'
import type { AddressStanding } from '../ban/list.ts'
import { readOnly } from '../hot-state/read-only.ts'
import { canonicalName } from '../mailbox/name.ts'
import type { Attempt, Code, Credentials, Decision } from './attempt.ts'
import type { LoginServices } from './authenticate.ts'
import { type Counter, readGuesserCounters, readLocks } from './counters.ts'
import { prove } from './credentials.ts'
import { failureOf } from './failure.ts'
import type { Hindrance } from './reasons.ts'
import { type Facts, recall, SettingsChanged } from './recall.ts'
import { conclude, decline, guard, judge, precheck, wantedRoute } from './rules.ts'

/** What took part, as far as the decision came; null = it did not come so far. Times are UTC milliseconds. */
export interface Explanation {
  name: string | null
  decision: Decision
  /** What broke, in the words of the part. */
  error: string | null
  address:
    | (AddressStanding & { network: string | null; familiarSince: number | null; familiar: boolean })
    | null
  counters: Counter[]
  /** Wrong passwords of strangers since the last success of one, and the most there may be. */
  longRun: { count: number; limit: number } | null
  locks: Awaited<ReturnType<typeof readLocks>> | null
  account: Facts['account']
  /** What was remembered of earlier logins. */
  remembered: { account: boolean; password: 'right' | 'wrong' | null; grant: boolean } | null
  /** `null` = nobody looked, or none was given. */
  password: 'right' | 'wrong' | null
  code: Code | null
  /** Those that hold this mailbox, also the ones that take no logins now. */
  backends: BackendStatus[]
}

/**
 * What would become of an attempt. It costs a hash where the login would.
 * @param withPassword false: password and code are taken to be right, and not looked at
 */
export async function explain(
  services: LoginServices,
  attempt: Attempt,
  withPassword: boolean,
): Promise<Explanation> {
  const dry = { ...services, hot: readOnly(services.hot) }
  const found: Explanation = {
    name: canonicalName(attempt.user, services.settings.auth.default_domain),
    decision: decline('unavailable', attempt),
    error: null,
    address: null,
    counters: [],
    longRun: null,
    locks: null,
    account: null,
    remembered: null,
    password: null,
    code: null,
    backends: [],
  }
  try {
    found.decision = await walk(dry, attempt, withPassword, found)
  } catch (error) {
    if (error instanceof SettingsChanged) return explain(services, attempt, withPassword)
    found.error = (error as Error).message
    found.decision = decline(failureOf(error), attempt)
  }
  return found
}

async function walk(
  services: LoginServices,
  attempt: Attempt,
  withPassword: boolean,
  found: Explanation,
): Promise<Decision> {
  const credentials = precheck(withPassword ? attempt : { ...attempt, password: 'none given' }, found.name)
  const refuse = (reason: Hindrance, facts?: Facts) => decline(reason, attempt, facts?.guard)
  if ('reason' in credentials) return refuse(credentials.reason)

  const facts = await recall(services, credentials, attempt)
  await noteFacts(services, facts, found)
  const hindrance = guard(facts.guard)
  if (hindrance) return refuse(hindrance)

  const verdict = withPassword
    ? await lookAtPassword(services, credentials, facts, attempt, found)
    : judge(
        facts.account ? { account: facts.account, code: { kind: 'none' } } : { reason: 'unknown_user' },
        credentials,
      )
  if ('reason' in verdict) return refuse(verdict.reason, facts)

  const wanted = wantedRoute(verdict.account, credentials.protocol)
  const { members, choice } = await services.backends.weigh(wanted, facts.backendsVersion)
  const able = new Set(members.map(({ id }) => id))
  found.backends = services.backends.states().filter(({ id }) => able.has(id))
  return conclude(attempt, verdict.account, choice)
}

async function noteFacts(services: LoginServices, facts: Facts, found: Explanation): Promise<void> {
  const { guard, guesser, familiarSince, account, proof, grant, warm } = facts
  const { network, familiar } = guesser
  found.account = account
  found.address = { ...guard.standing, network, familiarSince, familiar }
  found.counters = await readGuesserCounters(services, guesser)
  found.longRun = { count: guard.guesses, limit: guard.mostGuesses }
  found.locks = await readLocks(services, guesser)
  const password = proof === null ? null : proof.right ? 'right' : 'wrong'
  found.remembered = { account: warm, password, grant: grant !== null }
}

async function lookAtPassword(
  services: LoginServices,
  credentials: Credentials,
  facts: Facts,
  attempt: Attempt,
  found: Explanation,
) {
  const { proof } = await prove(services, credentials, facts, attempt.receivedAt)
  if ('account' in proof) found.code = proof.code
  const isWrong = 'reason' in proof && (proof.reason === 'wrong_password' || proof.reason === 'unknown_user')
  const isOpen = 'reason' in proof && proof.reason === 'too_many_guesses'
  found.password = isWrong ? 'wrong' : isOpen ? null : 'right'
  return judge(proof, credentials)
}
