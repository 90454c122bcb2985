/**
 * A request that is repeated because its answer was lost: it is decided, counted and written down once, and its repetition
 * is told what the first was.
 */
import { withoutCode } from '../mailbox/rules.ts'
import type { Attempt, Decision } from './attempt.ts'
import { authenticate, type LoginServices } from './authenticate.ts'
import { decline } from './rules.ts'

/** Longer than a signature is good: a request that somebody has caught is never decided a second time. */
const keptMs = 90_000
const lookAgainMs = 50
/** What a decision may take beyond `auth.deadline`. */
const settleMs = 1_500
const undecided = ''

/**
 * `authenticate`, once for each key. Never throws either.
 * @param once tells a request and its repetitions from all others
 */
export async function authenticateOnce(
  services: LoginServices,
  attempt: Attempt,
  once: string,
): Promise<Decision> {
  const key = `once:${services.digest(once)}`
  const startedAt = performance.now()
  if (!(await isFirst(services, attempt, key)))
    return (await awaitDecision(services, attempt, key, startedAt)) ?? decline('timeout', attempt)
  const decision = await authenticate(services, attempt)
  try {
    await services.hot.apply([{ op: 'write', key, value: print(decision), ttlMs: keptMs }])
  } catch (error) {
    note(services, attempt, error, 'a repetition of this request cannot be answered')
  }
  return decision
}

/** Without the hot state nothing is decided anyway, and nothing counted: then it does not matter. */
async function isFirst(services: LoginServices, attempt: Attempt, key: string): Promise<boolean> {
  try {
    const [claimed] = await services.hot.apply([{ op: 'claim', key, value: undecided, ttlMs: keptMs }])
    return claimed
  } catch (error) {
    note(services, attempt, error, 'a repetition of this request would not be known')
    return true
  }
}

/**
 * The first may still be under way: on a connection that was given up, or in an instance that is slow.
 * @returns null when it was never decided
 */
async function awaitDecision(
  services: LoginServices,
  attempt: Attempt,
  key: string,
  startedAt: number,
): Promise<Decision | null> {
  const endsAt = startedAt + services.settings.auth.deadline + settleMs
  try {
    while (performance.now() < endsAt) {
      const [value] = await services.hot.apply([{ op: 'read', key }])
      if (value === null) break
      if (value !== undecided) return read(value, attempt)
      await new Promise(resolve => setTimeout(resolve, lookAgainMs))
    }
    throw new Error('no decision')
  } catch (error) {
    note(services, attempt, error, 'a repeated request, and nobody knows what became of the first')
    return null
  }
}

function note({ log }: LoginServices, { id }: Attempt, error: unknown, text: string): void {
  log.warn({ request_id: id, error: (error as Error).message }, text)
}

/** No password is kept, not even for that long: whoever repeats the request sends it again. */
const print = (decision: Decision) =>
  JSON.stringify(
    decision.kind === 'accept' && decision.backendPassword !== null
      ? { ...decision, backendPassword: '' }
      : decision,
  )

function read(text: string, { password }: Attempt): Decision {
  const decision: Decision = JSON.parse(text)
  return decision.kind === 'accept' && decision.backendPassword === ''
    ? { ...decision, backendPassword: withoutCode(password) }
    : decision
}
