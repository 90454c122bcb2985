/**
 * The straight line of a login: recall, guard, prove, judge, settle, answer.
 *
 * A warm login (account, proof and network remembered) costs one round trip to the hot state, no SQL read, and a share
 * of one group-committed audit insert. A cold one adds one SQL read, one hash, and three steps in the hot state: to
 * reserve the guess, to count it if it was wrong, and to remember the outcome.
 */
import type { Logger } from 'pino'
import type { AuditTrail } from '../audit/append.ts'
import { describeFailure } from '../audit/fail-line.ts'
import type { Directory } from '../backend/directory.ts'
import type { Op } from '../hot-state/port.ts'
import type { Account } from '../mailbox/account.ts'
import { canonicalName } from '../mailbox/name.ts'
import { HashBusy } from '../mailbox/passwords.ts'
import type { Attempt, Decision } from './attempt.ts'
import { describeAttempt } from './audit-row.ts'
import { hideRightPassword, prove } from './credentials.ts'
import { DeadlinePassed, within } from './deadline.ts'
import { settleWrong } from './guessing.ts'
import { type Facts, guardAgain, type RecallServices, recall, rememberSuccess } from './recall.ts'
import { conclude, decline, guard, isBanned, judge, precheck, wantedRoute } from './rules.ts'

export interface LoginServices extends RecallServices {
  audit: AuditTrail
  backends: Directory
  clock: () => number
  log: Logger
  /** Takes a line for each refused attempt; absent where nothing reads them. */
  failLog?: { write(line: string): void }
}

/** A decision, and what `settle` needs to know of how it came about. */
interface Outcome {
  decision: Decision
  facts?: Facts
  /** Whose password was right, and nothing else in the way. */
  account?: Account
  /** A wrong password to be counted. */
  guess?: string | null
  memories?: Op[]
}

/** For counters, memory and the audit row, after the time for deciding is over. */
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
  if ('reason' in credentials) return { decision: decline(credentials.reason, attempt) }

  const now = attempt.receivedAt
  const facts = await recall(services, credentials, attempt.clientAddress, now)
  const hindrance = guard(facts.guard)
  if (hindrance) return { decision: decline(hindrance, attempt), facts }

  const { proof, guess, memories, hashed } = await prove(services, credentials, facts, now)
  const verdict = judge(proof, credentials.protocol)
  if ('reason' in verdict) {
    if (verdict === proof)
      return { facts, guess, memories, decision: decline(verdict.reason, attempt, facts.guard) }
    await hideRightPassword(services, credentials, hashed)
    // Counted as a wrong one, with the place it took: a count that stands still would tell as well.
    const kept = memories.filter(({ op }) => op !== 'drop')
    return { facts, guess, memories: kept, decision: decline(verdict.reason, attempt, facts.guard) }
  }
  const late = hashed ? await guardAgain(services, facts, attempt.clientAddress) : facts.guard
  const ban = guard(late)
  if (ban) return { facts: { ...facts, guard: late }, memories, decision: decline(ban, attempt) }
  const wanted = wantedRoute(verdict.account, credentials.protocol)
  const route = await services.backends.choose(wanted, facts.backendsVersion)
  return { facts, memories, account: verdict.account, decision: conclude(attempt, verdict.account, route) }
}

/**
 * Counters, memory and audit; every attempt has its row. What was proved is remembered also when the login could not
 * be let in: else everyone's retries while a backend is down would be hashed, over and over.
 */
async function settle(services: LoginServices, attempt: Attempt, name: string | null, outcome: Outcome) {
  const { decision, facts, account, guess, memories = [] } = outcome
  const counters = facts && guess ? await settleWrong(services, facts.guesser, guess) : ''
  const row = { ...describeAttempt(attempt, name, decision, services.clock()), counters }
  const ban = isBanned(decision) && facts?.guard.standing.ban
  // A banned address needs no firewall to be told, and may ask a thousand times a second.
  if (row.result === 'failed' && !ban) services.failLog?.write(describeFailure(row))
  await Promise.all([
    ban ? services.audit.appendFolded(row, settleMs, ban.cidr) : services.audit.append(row, settleMs),
    memories.length > 0 && services.hot.apply(memories),
    facts && account && rememberSuccess(services, account, facts, attempt.receivedAt),
  ])
}

/** What broke is for the log; the client is told to come again. */
function postpone({ log }: LoginServices, attempt: Attempt, error: unknown): Outcome {
  const facts = { request_id: attempt.id, error: (error as Error).message }
  if (error instanceof HashBusy) log.warn(facts, 'login postponed: busy')
  else if (error instanceof DeadlinePassed) log.warn(facts, 'login postponed: time-out')
  else log.error({ ...facts, err: error }, 'login postponed')
  const reason =
    error instanceof HashBusy ? 'busy' : error instanceof DeadlinePassed ? 'timeout' : 'unavailable'
  return { decision: decline(reason, attempt) }
}
