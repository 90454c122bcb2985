/** Counts of attempts, from wherever they stand: by the minute, or rolled up to hours and days of UTC. */
import { sql } from 'kysely'
import type { Database } from '../database/schema.ts'
import { numbersOf, type Sums, sumColumns } from './histogram.ts'
import { minutesKeptMs } from './recount.ts'
import type { Run } from './steps.ts'
import { dayMs, floorTo, hourMs } from './times.ts'

export interface CountServices {
  logDb: Database
  clock: () => number
}

/** Where the counts of a part of the time stand; both times are starts, the second one not included. */
interface Source {
  span: 'minute' | 'hour' | 'day'
  from: number
  until: number
}

/** The job that rolls up may be late: the last hours are read as minutes. */
const freshMs = 2 * hourMs

/** Minutes from then on are there; an hour of UTC begins then. */
export const oldestMinute = (now: number): number => floorTo(hourMs, now - minutesKeptMs) + hourMs

const ceilTo = (span: number, time: number) => -floorTo(span, -time)

/** The fewest rows that hold the counts of a time. A part of an hour whose minutes are gone is left out. */
function sourcesOf(from: number, until: number, now: number, withDays: boolean): Source[] {
  const hoursFrom = Math.min(ceilTo(hourMs, from), until)
  const fresh = floorTo(hourMs, now - freshMs)
  const hoursUntil = Math.max(hoursFrom, Math.min(floorTo(hourMs, until), fresh))
  const daysFrom = withDays ? Math.min(ceilTo(dayMs, hoursFrom), hoursUntil) : hoursUntil
  const daysUntil = Math.max(daysFrom, floorTo(dayMs, hoursUntil))
  const sources: Source[] = [
    { span: 'minute', from: Math.max(from, oldestMinute(now)), until: hoursFrom },
    { span: 'hour', from: hoursFrom, until: daysFrom },
    { span: 'day', from: daysFrom, until: withDays ? daysUntil : daysFrom },
    { span: 'hour', from: withDays ? daysUntil : daysFrom, until: hoursUntil },
    { span: 'minute', from: Math.max(hoursUntil, oldestMinute(now)), until },
  ]
  return sources.filter(source => source.from < source.until)
}

/**
 * The same where no row may belong to two steps. Hours of UTC that two steps share (in zones with half hours) are read as
 * minutes as long as these are there; before that they belong to the step that they begin in.
 */
function sourcesIn({ from, until, length }: Run, now: number): Source[] {
  if (length < hourMs) return [{ span: 'minute', from, until }]
  if (from % hourMs === 0 && length % hourMs === 0)
    return sourcesOf(from, until, now, from % dayMs === 0 && length % dayMs === 0)
  const stepsBefore = Math.max(0, Math.ceil((oldestMinute(now) - from) / length))
  const recent = Math.min(until, from + stepsBefore * length)
  if (recent === until) return [{ span: 'hour', from: ceilTo(hourMs, from), until: ceilTo(hourMs, until) }]
  const older: Source[] =
    recent === from
      ? []
      : [
          { span: 'hour', from: ceilTo(hourMs, from), until: floorTo(hourMs, recent) },
          { span: 'minute', from: floorTo(hourMs, recent), until: recent },
        ]
  if (length <= hourMs) return [...older, { span: 'minute', from: recent, until }]
  const steps = Array.from({ length: (until - recent) / length }, (_, i) => recent + i * length)
  return [...older, ...steps.flatMap(start => sourcesOf(start, start + length, now, false))]
}

/** Only those of this kind; undefined = of any. */
export interface Kinds {
  protocol?: string
  result?: string
  reasons?: string[]
}

function selectCounts(db: Database, { span, from, until }: Source, kinds: Kinds = {}) {
  const { protocol, result, reasons } = kinds
  const minutes = db
    .selectFrom('auth_stats')
    .select(['minute as start', 'protocol', 'result', 'reason', ...sumColumns])
    .where('minute', '>=', from)
    .where('minute', '<', until)
  const rollUps = db
    .selectFrom('auth_rollups')
    .select(['start', 'protocol', 'result', 'reason', ...sumColumns])
    .where('span', '=', span === 'day' ? 'day' : 'hour')
    .where('start', '>=', from)
    .where('start', '<', until)
  return db
    .selectFrom((span === 'minute' ? minutes : rollUps).as('counts'))
    .$if(protocol !== undefined, q => q.where('protocol', '=', protocol!))
    .$if(result !== undefined, q => q.where('result', '=', result!))
    .$if(reasons !== undefined, q => q.where('reason', 'in', reasons!))
}

const labels = ['protocol', 'result', 'reason'] as const
export type Label = (typeof labels)[number]

/** Attempts of one kind, and how long they took. */
export type Sum = Sums & Record<Label, string>

/** One kind may come in parts. @param until not included */
export async function sumCounts(
  { logDb, clock }: CountServices,
  from: number,
  until: number,
): Promise<Sum[]> {
  const parts = sourcesOf(from, until, clock(), true).map(source =>
    selectCounts(logDb, source)
      .select(labels)
      .select(eb => sumColumns.map(column => eb.fn.sum(column).as(column)))
      .groupBy(labels)
      .execute(),
  )
  return (await Promise.all(parts))
    .flat()
    .map(({ protocol, result, reason, ...sums }) => ({ protocol, result, reason, ...numbersOf(sums) }))
}

export interface Point extends Sums {
  /** Of the step. */
  start: number
  /** Of the label. */
  value: string
}

/** Sums per step and value of the label, those that there are; one may come in parts. */
export async function countSteps(
  { logDb, clock }: CountServices,
  runs: Run[],
  label: Label,
  kinds: Kinds = {},
): Promise<Point[]> {
  const now = clock()
  const parts = runs.flatMap(run =>
    sourcesIn(run, now).map(source => {
      const start = sql.ref<number>('start')
      const step = sql<number>`${start} - (${start} - ${sql.lit(run.from)}) % ${sql.lit(run.length)}`
      return selectCounts(logDb, source, kinds)
        .select([step.as('step'), label])
        .select(eb => sumColumns.map(column => eb.fn.sum(column).as(column)))
        .groupBy([step, label])
        .execute()
    }),
  )
  const rows = (await Promise.all(parts)).flat()
  return rows.map(row => ({ start: Number(row.step), value: row[label], ...numbersOf(row) }))
}
