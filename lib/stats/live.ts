/** What is going on now. Whoever looks, however many look, it is read once a second. */
import { addSums, emptySums, numbersOf, quantile, type Sums, sumColumns } from '../audit/histogram.ts'
import { floorTo, minuteMs } from '../audit/times.ts'
import type { Database } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import { orUnknown } from '../hot-state/unknown.ts'
import { inFlightKey } from './in-flight.ts'
import type { Now } from './now.ts'

export interface Live {
  read(): Promise<Now>
}

export interface LiveServices {
  logDb: Database
  hot: HotState
  clock: () => number
}

/** What stands in `auth_stats`, by `minute result`. */
interface Sample {
  time: number
  counts: Map<string, Sums>
}

/** Younger numbers are shown again. A viewer asks every second, and must not get the same ones twice. */
const freshMs = 900
const windowMs = 10_000

export function createLive(services: LiveServices): Live {
  let samples: Sample[] = []
  let latest: Promise<Now> | null = null
  let readAt = 0

  const read = async (): Promise<Now> => {
    const { sample, nodes } = await takeSample(services)
    const { time } = sample
    samples = [...samples.filter(each => each.time >= time - windowMs && each.time < time), sample]
    const oldest = samples.length > 1 ? samples[0]! : null
    const since = oldest?.time ?? floorTo(minuteMs, time) - minuteMs
    const window = Math.max(1, time - since)
    const { success, failed, all } = between(oldest, sample)
    return {
      time,
      window,
      qps: Math.round(((success + failed) / window) * 1_000_000) / 1_000,
      success,
      failed,
      in_flight: await readInFlight(services.hot, nodes),
      p95: quantile(all, 0.95),
    }
  }

  return {
    read() {
      const at = performance.now()
      if (latest && at < readAt + freshMs) return latest
      readAt = at
      const reading = read()
      latest = reading
      reading.catch(() => {
        if (latest === reading) latest = null
      })
      return reading
    },
  }
}

async function takeSample({ logDb, clock }: LiveServices): Promise<{ sample: Sample; nodes: string[] }> {
  const time = clock()
  const rows = await logDb
    .selectFrom('auth_stats')
    .select(['minute', 'node', 'result'])
    .select(eb => sumColumns.map(column => eb.fn.sum(column).as(column)))
    .where('minute', '>=', floorTo(minuteMs, time) - minuteMs)
    .groupBy(['minute', 'node', 'result'])
    .execute()
  const counts = new Map<string, Sums>()
  for (const { minute, result, node: _, ...sums } of rows) {
    const key = `${minute} ${result}`
    const known = counts.get(key) ?? emptySums()
    addSums(known, numbersOf(sums))
    counts.set(key, known)
  }
  return { sample: { time, counts }, nodes: [...new Set(rows.map(({ node }) => node))] }
}

/** What came in since; a count that was corrected downwards says nothing. */
function between(before: Sample | null, after: Sample) {
  const all = emptySums()
  const counts = { success: 0, failed: 0 }
  for (const [key, sums] of after.counts) {
    const known = before?.counts.get(key)
    const more = emptySums()
    for (const column of sumColumns) more[column] = Math.max(0, sums[column] - (known?.[column] ?? 0))
    addSums(all, more)
    counts[key.endsWith(' success') ? 'success' : 'failed'] += more.count
  }
  return { ...counts, all }
}

async function readInFlight(hot: HotState, nodes: string[]): Promise<number | null> {
  const reads = nodes.map(node => ({ op: 'read', key: inFlightKey(node) }) as const)
  const told = ((await orUnknown(hot.apply(reads))) ?? []).filter(value => value !== null)
  return told.length === 0 ? null : told.reduce((sum, value) => sum + Number(value), 0)
}
