/**
 * The straight line of a login: recall, prove, judge, settle, answer.
 *
 * A warm login (account and proof remembered) costs one round trip to the hot state, no SQL read, and a share of one
 * group-committed audit insert. A cold one adds one SQL read, one hash, and one write to the hot state.
 */

import type { Logger } from 'pino'
import type { AuditTrail } from '../audit/append.ts'
import { versionKey as backendsVersionKey, type Directory } from '../backend/directory.ts'
import type { Op } from '../hot-state/port.ts'
import { canonicalName } from '../mailbox/name.ts'
import { HashBusy, nobodysHash } from '../mailbox/passwords.ts'
import type { Attempt, Decision } from './attempt.ts'
import { describeAttempt } from './audit-row.ts'
import { type CredentialServices, prove, readRemembered, recallOps } from './credentials.ts'
import { DeadlinePassed, within } from './deadline.ts'
import { conclude, judge, later, precheck, refuse, wantedRoute } from './rules.ts'

export interface LoginServices extends CredentialServices {
  audit: AuditTrail
  backends: Directory
  clock: () => number
  log: Logger
  settings: CredentialServices['settings'] & { auth: { default_domain: string; deadline: number } }
}

/** A decision that nothing has been done about yet. */
interface Outcome {
  decision: Decision
  /** What to write to the hot state: none but of a proven login. */
  memories: Op[]
}

/** For the audit row, after the time for deciding is over. */
const settleMs = 1_000

/**
 * Decides about one auth attempt. Never throws, never takes longer than `auth.deadline` and a second, and answers
 * `accept` only after the row of the attempt is durable. Whatever breaks becomes `later`.
 */
export async function authenticate(services: LoginServices, attempt: Attempt): Promise<Decision> {
  const { default_domain, deadline } = services.settings.auth
  const name = canonicalName(attempt.user, default_domain)
  const giveUp = (error: unknown) => postpone(services, attempt, error)
  const outcome = await within(deadline, decide(services, attempt, name)).catch(giveUp)
  return within(settleMs, settle(services, attempt, name, outcome)).then(
    () => outcome.decision,
    error => giveUp(error).decision,
  )
}

async function decide(services: LoginServices, attempt: Attempt, name: string | null): Promise<Outcome> {
  const credentials = precheck(attempt, name)
  if ('reason' in credentials) return { decision: refuse(credentials.reason, attempt), memories: [] }

  const [account, storedProof, backendsVersion] = await services.hot.apply([
    ...recallOps(services, credentials),
    { op: 'read', key: backendsVersionKey },
  ])
  const remembered = readRemembered(account, storedProof)
  const { proof, memories, hashed } = await prove(services, credentials, remembered, attempt.receivedAt)
  const verdict = judge(proof, credentials.protocol)
  if ('reason' in verdict) {
    // A refusal that comes sooner than for a wrong password would tell that this one is right.
    if (!hashed) await services.passwords.verify(credentials.password, nobodysHash)
    return { decision: refuse(verdict.reason, attempt), memories: [] }
  }
  const route = await services.backends.choose(
    wantedRoute(verdict.account, credentials.protocol),
    backendsVersion,
  )
  return { decision: conclude(attempt, verdict.account, route), memories }
}

/**
 * Audit and memory. Every attempt has its row. A proof is remembered also when no backend could take the login: else
 * everyone's retries while a backend is down would be hashed, over and over.
 */
async function settle(services: LoginServices, attempt: Attempt, name: string | null, outcome: Outcome) {
  const { decision, memories } = outcome
  const row = describeAttempt(attempt, name, decision, services.clock())
  const remembering = memories.length > 0 ? services.hot.apply(memories) : undefined
  await Promise.all([services.audit.append(row, settleMs), remembering])
}

/** What broke is for the log; the client is told to come again. */
function postpone({ log }: LoginServices, attempt: Attempt, error: unknown): Outcome {
  const facts = { request_id: attempt.id, error: (error as Error).message }
  if (error instanceof HashBusy) log.warn(facts, 'login postponed: busy')
  else if (error instanceof DeadlinePassed) log.warn(facts, 'login postponed: time-out')
  else log.error({ ...facts, err: error }, 'login postponed')
  const reason =
    error instanceof HashBusy ? 'busy' : error instanceof DeadlinePassed ? 'timeout' : 'unavailable'
  return { decision: later(reason, attempt), memories: [] }
}
