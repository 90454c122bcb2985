/** What counts of attempts come to. No I/O, no clock. */
import { z } from 'zod'
import type { Sum } from '../audit/counts.ts'
import { addSums, emptySums, quantile, type Sums } from '../audit/histogram.ts'
import { brokenReasons } from '../login/reasons.ts'

const count = z.int()
const share = z.number().nullable()
const ms = z.number().nullable()

/** Milliseconds from the request to its decision, without the wait that slows guessing; null = there was no attempt. */
export const responseTime = z.strictObject({ avg: ms, p50: ms, p95: ms, p99: ms })

export const figures = z.strictObject({
  total: count,
  success: count,
  failed: count,
  /** Of all, 0 to 1; null = there were none. */
  success_rate: share,
  /** Share of those that could not be decided because something was away, overloaded or broken. */
  error_rate: share,
  response_time: responseTime,
})

export const byProtocol = z.strictObject({
  /** '' = of a request that named none. */
  protocol: z.string(),
  total: count,
  success: count,
  failed: count,
})

export const byReason = z.strictObject({ reason: z.string(), count })

export type Figures = z.infer<typeof figures>

const isBroken = new Set<string>(brokenReasons)

export function figuresOf(sums: Sum[]): Figures {
  const all = emptySums()
  for (const sum of sums) addSums(all, sum)
  const { count: total } = all
  const success = countWhere(sums, ({ result }) => result === 'success')
  const broken = countWhere(sums, ({ reason }) => isBroken.has(reason))
  const of = (part: number) => (total === 0 ? null : part / total)
  return {
    total,
    success,
    failed: total - success,
    success_rate: of(success),
    error_rate: of(broken),
    response_time: responseTimeOf(all),
  }
}

export function responseTimeOf(sums: Sums): z.infer<typeof responseTime> {
  const { count, duration_sum_ms } = sums
  return {
    avg: count === 0 ? null : duration_sum_ms / count,
    p50: quantile(sums, 0.5),
    p95: quantile(sums, 0.95),
    p99: quantile(sums, 0.99),
  }
}

/** Most frequent first. */
export function protocolsOf(sums: Sum[]): z.infer<typeof byProtocol>[] {
  return Array.from(
    Map.groupBy(sums, ({ protocol }) => protocol),
    ([protocol, own]) => {
      const { total, success, failed } = figuresOf(own)
      return { protocol, total, success, failed }
    },
  ).sort((a, b) => b.total - a.total)
}

/** Most frequent first. */
export function reasonsOf(sums: Sum[]): z.infer<typeof byReason>[] {
  return Array.from(
    Map.groupBy(sums, ({ reason }) => reason),
    ([reason, own]) => ({ reason, count: countWhere(own, () => true) }),
  ).sort((a, b) => b.count - a.count)
}

const countWhere = (sums: Sum[], holds: (sum: Sum) => boolean) =>
  sums.filter(holds).reduce((all, sum) => all + sum.count, 0)
