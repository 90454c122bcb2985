/** How long attempts took, in a small fixed set of buckets: the columns of auth_stats and auth_rollups. No I/O, no clock. */

/** Upper edges in milliseconds, included; what took longer is in `ms_more`. A change needs a migration. */
export const edges = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000] as const

export type BucketColumn = `ms_${(typeof edges)[number] | 'more'}`
export type Histogram = Record<BucketColumn, number>

export const bucketColumns = [...edges.map(edge => `ms_${edge}` as const), 'ms_more'] as const

/** Every column of numbers, which add up. */
export const sumColumns = ['count', 'duration_sum_ms', ...bucketColumns] as const

export type Sums = Record<(typeof sumColumns)[number], number>

export const emptySums = (): Sums =>
  Object.fromEntries(sumColumns.map(column => [column, 0])) as unknown as Sums

/** Sums as a database answers them: some write those of whole numbers as text. */
export const numbersOf = (row: Record<(typeof sumColumns)[number], unknown>): Sums =>
  Object.fromEntries(sumColumns.map(column => [column, Number(row[column])])) as unknown as Sums

export function bucketOf(ms: number): BucketColumn {
  const edge = edges.find(upper => ms <= upper)
  return edge === undefined ? 'ms_more' : `ms_${edge}`
}

export function addSums(to: Sums, more: Sums): void {
  for (const column of sumColumns) to[column] += more[column]
}

/**
 * The time in milliseconds within which this share of the attempts was decided, taken as spread evenly within a bucket;
 * null = no attempts. Longer than the last edge cannot be told apart: that edge.
 */
export function quantile(histogram: Histogram, share: number): number | null {
  const total = bucketColumns.reduce((sum, column) => sum + histogram[column], 0)
  if (total === 0) return null
  const wanted = total * share
  let below = 0
  let lower = 0
  for (const edge of edges) {
    const inside = histogram[`ms_${edge}`]
    if (inside > 0 && below + inside >= wanted) return lower + ((edge - lower) * (wanted - below)) / inside
    below += inside
    lower = edge
  }
  return lower
}
