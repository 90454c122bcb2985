/** The figures of a stretch of time, from counts and tops alone: the auth log is never read, however long it is. */
import { z } from 'zod'
import { countActiveUsers } from '../audit/active-users.ts'
import { type CountServices, sumCounts } from '../audit/counts.ts'
import { dayMs, floorTo, hourMs, minuteMs } from '../audit/times.ts'
import { readTops, type Tops } from '../audit/tops.ts'
import { parseInput } from '../input.ts'
import { type byReason, type Figures, figuresOf, reasonsOf } from './figures.ts'
import { readSeries } from './series.ts'

const periodQuery = z.strictObject({
  /** UTC milliseconds. Default: 24 hours ago. */
  since: z.int('must be UTC milliseconds').min(0, 'must be UTC milliseconds').optional(),
})

export interface Period extends Figures {
  /** UTC milliseconds: the first step's start, and now. */
  since: number
  until: number
  /** Milliseconds that an entry of `series` stands for: a minute, an hour or a day. */
  step: number
  /** Distinct users with a success in the last 15 minutes. */
  active_users: number
  /** Oldest first, without gaps. */
  series: { start: number; success: number; failed: number }[]
  /** Most frequent first. */
  reasons: z.infer<typeof byReason>[]
  /** A month at most. */
  tops: Tops
}

/** Up to so long by the minute, up to so long by the hour, else by the day. */
const mostByMinute = 6 * hourMs
const mostByHour = 14 * dayMs
const topsAtMost = 31 * dayMs
const steps = { minute: minuteMs, hour: hourMs, day: dayMs }

/**
 * @param input `{ since? }`, at most 400 days ago
 * @throws Refusal for a bad field
 */
export async function readPeriod(services: CountServices, input: unknown): Promise<Period> {
  const { logDb, clock } = services
  const until = clock()
  const { since: wanted = until - dayMs } = parseInput(periodQuery, input)
  const range = until - wanted
  const step = range <= mostByMinute ? 'minute' : range <= mostByHour ? 'hour' : 'day'
  const since = floorTo(steps[step], wanted)
  const [{ points }, sums, active_users, tops] = await Promise.all([
    readSeries(services, { since, until, step, by: 'result' }),
    sumCounts(services, since, until + 1),
    countActiveUsers(logDb, until),
    readTops(logDb, Math.max(since, until - topsAtMost), until),
  ])
  return {
    since,
    until,
    step: steps[step],
    ...figuresOf(sums),
    active_users,
    series: points.map(({ start, counts }) => ({
      start,
      success: counts.success ?? 0,
      failed: counts.failed ?? 0,
    })),
    reasons: reasonsOf(sums),
    tops,
  }
}
