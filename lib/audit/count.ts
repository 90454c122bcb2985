/** How many attempts a search would find, step by step. */
import { z } from 'zod'
import { parseInput } from '../input.ts'
import { type Found, type Mark, searchPages } from '../pages.ts'
import { type CountServices, countSteps, oldestMinute } from './counts.ts'
import { type LoggedAttempt, markOf } from './pages.ts'
import { type LogFilter, type LogServices, logFilter, openSearch } from './search.ts'
import { runsOf, type StepName, stepName, stepsBetween, timeZone } from './steps.ts'
import { dayMs } from './times.ts'

export const countQuery = logFilter.extend({
  step: stepName.default('hour'),
  /** Whose hours and days they are. */
  tz: timeZone.default('UTC'),
})

export const countAnswer = z.strictObject({
  step: stepName,
  tz: z.string(),
  /** Start of the first step, and end of the last one: UTC milliseconds. Steps are whole, whatever since and until were. */
  since: z.int(),
  until: z.int(),
  total: z.int(),
  /** Oldest first, without gaps. */
  steps: z.array(z.strictObject({ start: z.int(), count: z.int() })),
  /** Whether older rows were not counted: 20,000 had been looked at. */
  partial: z.boolean(),
  /** Steps that begin before this time are not, or not fully, counted; null = all are. UTC milliseconds. */
  counted_from: z.int().nullable(),
})

const mostCounted = 20_000
const pageSize = 1_000
const usual = { minute: 3_600_000, hour: dayMs, day: 30 * dayMs }

/**
 * Attempts, each of a folded row included. Without `since` an hour of minutes, a day of hours, thirty days. A filter of
 * times, protocol, result and reason alone is answered from roll-ups, any other by walking the rows that it finds, the
 * newest first, up to 20,000 of them.
 * @throws Refusal for a bad field
 */
export async function countAuthLog(
  services: LogServices & CountServices,
  input: unknown,
): Promise<z.infer<typeof countAnswer>> {
  const { step, tz, ...filter } = parseInput(countQuery, input)
  const now = services.clock()
  const until = filter.until ?? now
  const starts = stepsBetween(filter.since ?? until - usual[step], until, step, tz)
  const [since, end] = [starts[0]!, starts.at(-1)!]
  const whole = { ...filter, since, until: end - 1 }
  const { counts, countedFrom } = isRolledUp(filter, step, since, now)
    ? { counts: await countRolledUp(services, starts, filter), countedFrom: null }
    : await countRows(services, starts, whole)
  const steps = starts.slice(0, -1).map(start => ({ start, count: counts.get(start) ?? 0 }))
  return {
    step,
    tz,
    since,
    until: end,
    total: steps.reduce((sum, { count }) => sum + count, 0),
    steps,
    partial: countedFrom !== null,
    counted_from: countedFrom,
  }
}

function isRolledUp(filter: LogFilter, step: StepName, since: number, now: number): boolean {
  const { user, address, method, backend, text } = filter
  const others = [user, address, method, backend, text]
  return others.every(value => value === undefined) && (step !== 'minute' || since >= oldestMinute(now))
}

async function countRolledUp(services: CountServices, starts: number[], filter: LogFilter) {
  const { protocol, result, reason: reasons } = filter
  const points = await countSteps(services, runsOf(starts), 'result', { protocol, result, reasons })
  const counts = new Map<number, number>()
  for (const { start, count } of points) counts.set(start, (counts.get(start) ?? 0) + count)
  return counts
}

async function countRows(services: LogServices, starts: number[], filter: LogFilter) {
  const search = await openSearch(services, filter)
  const counts = new Map<number, number>()
  let looked = 0
  const read = async (after: Mark | null, limit: number) => {
    const stretch = await search.read(after, limit)
    looked += stretch.rows.length
    return stretch
  }
  for (let after: Mark | null = null; ; ) {
    const found: Found<LoggedAttempt> = await searchPages({ ...search, read, markOf, after, limit: pageSize })
    for (const { time, count } of found.rows) {
      const start = starts.findLast(each => each <= time)!
      counts.set(start, (counts.get(start) ?? 0) + count)
    }
    after = found.next
    if (after === null) return { counts, countedFrom: null }
    if (looked >= mostCounted) return { counts, countedFrom: after.time + 1 }
  }
}
