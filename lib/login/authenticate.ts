/**
 * The straight line of a login: recall, guard, prove, judge, enter, settle, answer.
 *
 * A warm login (account, network, and proof or grant remembered) costs one round trip to the hot state, no SQL read, and
 * a share of one group-committed audit insert. A cold one adds one SQL read, one hash, a look whether a ban was made
 * meanwhile, and one step to remember the outcome; a wrong password adds those that count it. A string that may hold a
 * one-time code costs one more SQL read, and a fresh code the transaction that spends it.
 */
import type { Logger } from 'pino'
import type { AuditTrail } from '../audit/append.ts'
import { describeFailure } from '../audit/fail-line.ts'
import type { Directory } from '../backend/directory.ts'
import { isAway } from '../database/dialect.ts'
import type { GrantRow } from '../database/schema.ts'
import { DeadlinePassed, within } from '../deadline.ts'
import type { Op } from '../hot-state/port.ts'
import type { Account } from '../mailbox/account.ts'
import { canonicalName } from '../mailbox/name.ts'
import type { Metrics } from '../metrics.ts'
import type { Attempt, Code, Credentials, Decision } from './attempt.ts'
import { describeAttempt } from './audit-row.ts'
import { prove } from './credentials.ts'
import { noteFailure } from './failure.ts'
import { releaseOps, settleWrong } from './guessing.ts'
import { rememberSuccess } from './marks.ts'
import type { Hindrance } from './reasons.ts'
import { type Facts, guardAgain, type RecallServices, recall, SettingsChanged } from './recall.ts'
import { settleRefusal } from './refusal-cost.ts'
import { reportLogin } from './report.ts'
import { conclude, decline, guard, isBanned, judge, precheck, wantedRoute } from './rules.ts'
import { enter, rememberGrant } from './totp.ts'

export interface LoginServices extends RecallServices {
  audit: AuditTrail
  backends: Directory
  clock: () => number
  /** Name of this process, for the audit rows. */
  node: string
  log: Logger
  metrics?: Metrics
  /** Counted up and down, for whoever watches. */
  inFlight: { count: number }
  /** Takes a line for each refused attempt; absent where nothing reads them. */
  failLog?: { write(line: string): void }
}

/** A decision, and what `settle` needs to know of how it came about. */
interface Outcome {
  decision: Decision
  facts?: Facts
  /** Who was shown to be there, and nothing else in the way. */
  entered?: { account: Account; code: Code; grant: GrantRow | null }
  /** A wrong password to be counted. */
  guess?: string | null
  /** Whether the password cost a hash; undefined = nobody looked at it. */
  hashed?: boolean
  memories?: Op[]
}

/** For counters, memory and the audit row, after the time for deciding is over. */
const settleMs = 1_000

/**
 * Decides about one auth attempt, with the settings of this moment. Never throws, never takes longer than
 * `auth.deadline` and a second, and answers `accept` only after the row of the attempt is durable. Whatever breaks
 * becomes `later`.
 */
export async function authenticate(services: LoginServices, attempt: Attempt): Promise<Decision> {
  services.inFlight.count += 1
  const startedAt = performance.now()
  const outcome = await decideInTime(services, attempt)
  const { decision, facts, hashed } = await within(settleMs, settle(services, attempt, outcome)).then(
    () => outcome,
    error => giveUp(services, attempt, error),
  )
  services.inFlight.count -= 1
  const ms = performance.now() - startedAt
  services.metrics?.loginDecided(reportLogin(attempt, decision, facts, hashed, ms))
  return decision
}

async function decideInTime(services: LoginServices, attempt: Attempt): Promise<Outcome> {
  const deciding = decide(services, attempt)
  try {
    return await within(services.settings.auth.deadline, deciding)
  } catch (error) {
    // Each time takes a change that somebody has made.
    if (error instanceof SettingsChanged) return decideInTime(services, attempt)
    if (error instanceof DeadlinePassed) void rememberLate(services, deciding)
    return giveUp(services, attempt, error)
  }
}

const giveUp = ({ log }: LoginServices, attempt: Attempt, error: unknown): Outcome => ({
  decision: decline(noteFailure(log, attempt, error), attempt),
})

const nameOf = ({ settings }: LoginServices, { user }: Attempt) =>
  canonicalName(user, settings.auth.default_domain)

/** What comes too late for its client makes the next try cheap, and gives its place back. */
async function rememberLate({ hot, log }: LoginServices, deciding: Promise<Outcome>): Promise<void> {
  try {
    const { memories = [], facts } = await deciding
    await hot.apply(memories, facts?.generation)
  } catch (error) {
    log.warn({ err: error }, 'a decision that came too late was lost')
  }
}

async function decide(services: LoginServices, attempt: Attempt): Promise<Outcome> {
  const credentials = precheck(attempt, nameOf(services, attempt))
  if ('reason' in credentials) return { decision: decline(credentials.reason, attempt) }
  const facts = await recall(services, credentials, attempt)
  return judgeFacts(services, attempt, credentials, facts).catch(async error => {
    await services.hot.apply(releaseOps(facts.guesser, facts.place, true))
    throw error
  })
}

async function judgeFacts(
  services: LoginServices,
  attempt: Attempt,
  credentials: Credentials,
  facts: Facts,
): Promise<Outcome> {
  const now = attempt.receivedAt
  const hindrance = guard(facts.guard)
  if (hindrance) {
    const memories = releaseOps(facts.guesser, facts.place, true)
    return { facts, memories, decision: decline(hindrance, attempt) }
  }
  const proved = await prove(services, credentials, facts, now)
  const { hashed } = proved
  // For right and wrong ones alike: else what a new ban answers would tell which was right.
  const late = hashed ? await guardAgain(services, facts, attempt.clientAddress) : facts.guard
  const ban = guard(late)
  const verdict = judge(proved.proof, credentials)
  const refuse = async (reason: Hindrance): Promise<Outcome> => ({
    facts: { ...facts, guard: late },
    ...(await settleRefusal(services, credentials, facts, proved, reason)),
    decision: decline(ban ?? reason, attempt, late),
  })
  if ('reason' in verdict) return refuse(verdict.reason)
  const { account, code } = verdict
  const memories = [...proved.memories, ...releaseOps(facts.guesser, facts.place, true)]
  if (ban) return { facts: { ...facts, guard: late }, hashed, memories, decision: decline(ban, attempt) }
  const entry = await enter(services, credentials, facts, code, now)
  if ('reason' in entry) return refuse(entry.reason)
  const route = await services.backends.choose(
    wantedRoute(account, credentials.protocol),
    facts.backendsVersion,
  )
  const entered = { account, code, grant: entry.grant }
  return { facts, hashed, memories, entered, decision: conclude(attempt, account, route) }
}

/**
 * Counters, memory and audit; every attempt has its row. What was proved is remembered also when the login could not
 * be let in: else everyone's retries while a backend is down would be hashed, over and over.
 */
async function settle(services: LoginServices, attempt: Attempt, outcome: Outcome) {
  const { decision, facts, entered, guess, memories = [] } = outcome
  const counters = facts && guess ? await settleWrong(services, facts.guesser, guess) : ''
  const name = facts?.guesser.name ?? nameOf(services, attempt)
  const row = { ...describeAttempt(attempt, name, decision, services.clock()), counters, node: services.node }
  // A guess is counted, and stands in a row of its own, also where a ban was made while it was looked at.
  const ban = !guess && isBanned(decision) && facts?.guard.standing.ban
  const now = attempt.receivedAt
  // A banned address needs no firewall to be told, and may ask a thousand times a second.
  if (row.result === 'failed' && !ban) services.failLog?.write(describeFailure(row))
  await Promise.all([
    ban ? services.audit.appendFolded(row, settleMs, ban.cidr) : services.audit.append(row, settleMs),
    memories.length > 0 && services.hot.apply(memories, facts?.generation),
    facts && entered && rememberSuccess(services, entered.account, entered.code, facts, now).catch(forgo),
    facts && entered?.grant && rememberGrant(services, facts, entered.grant, now).catch(forgo),
  ])
}

/** While SQL is away the next success is the one to be remembered: nobody is kept out for that. */
function forgo(error: unknown): void {
  if (!isAway(error)) throw error
}
