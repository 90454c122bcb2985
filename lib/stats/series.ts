/** Attempts over time, step by step, for charts. */
import { z } from 'zod'
import { type CountServices, countSteps, oldestMinute } from '../audit/counts.ts'
import { addSums, emptySums } from '../audit/histogram.ts'
import { runsOf, stepName, stepsBetween, timeZone } from '../audit/steps.ts'
import { dayMs } from '../audit/times.ts'
import { parseInput } from '../input.ts'
import { Refusal } from '../refusal.ts'
import { responseTime, responseTimeOf } from './figures.ts'

const time = z.int('must be UTC milliseconds').min(0, 'must be UTC milliseconds')

export const seriesQuery = z.strictObject({
  /** UTC milliseconds; at most 400 days apart. Default: the last 24 hours. */
  since: time.optional(),
  until: time.optional(),
  /** At most 1500 of them. Minutes are kept for seven days. */
  step: stepName.default('hour'),
  /** Whose hours and days they are. */
  tz: timeZone.default('UTC'),
  /** What the attempts are told apart by. */
  by: z.enum(['result', 'protocol', 'reason'], 'must be result, protocol or reason').default('result'),
})

export const series = z.strictObject({
  step: stepName,
  tz: z.string(),
  by: z.string(),
  /** Start of the first step, and end of the last one: UTC milliseconds. */
  since: z.int(),
  until: z.int(),
  /** Every value that occurs, most frequent first; each point has them all. */
  values: z.array(z.string()),
  /** Oldest first, without gaps. */
  points: z.array(
    z.strictObject({
      start: z.int(),
      total: z.int(),
      counts: z.record(z.string(), z.int()),
      /** Of all of them, whatever they are told apart by. */
      response_time: responseTime,
    }),
  ),
})

/**
 * In whole steps. In a zone whose hours begin in the middle of UTC's, a step of more than seven days ago holds the hours
 * of UTC that begin in it.
 * @throws Refusal for a bad field
 */
export async function readSeries(services: CountServices, input: unknown): Promise<z.infer<typeof series>> {
  const now = services.clock()
  const { until = now, since = until - dayMs, step, tz, by } = parseInput(seriesQuery, input)
  if (step === 'minute' && since < oldestMinute(now))
    throw new Refusal('invalid', 'step', 'step minute is kept for seven days only: take hour or day')
  const starts = stepsBetween(since, until, step, tz)
  const found = await countSteps(services, runsOf(starts), by)
  const totals = new Map<string, number>()
  for (const { value, count } of found) totals.set(value, (totals.get(value) ?? 0) + count)
  const values = [...totals].sort(([, a], [, b]) => b - a).map(([value]) => value)
  const empty = Object.fromEntries(values.map(value => [value, 0]))
  const steps = starts.slice(0, -1).map(start => ({ start, counts: { ...empty }, sums: emptySums() }))
  const stepAt = new Map(steps.map(each => [each.start, each]))
  for (const { start, value, ...sums } of found) {
    const { counts, sums: all } = stepAt.get(start)!
    counts[value] = (counts[value] ?? 0) + sums.count
    addSums(all, sums)
  }
  const points = steps.map(({ sums, ...rest }) => ({
    ...rest,
    total: sums.count,
    response_time: responseTimeOf(sums),
  }))
  return { step, tz, by, since: starts[0]!, until: starts.at(-1)!, values, points }
}
