/** Minutes, hours and calendar days of a time zone, whatever its offset, and however long a day is. No I/O, no clock. */
import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { Refusal } from '../refusal.ts'
import { dayMs, hourMs, minuteMs } from './times.ts'

const stepNames = ['minute', 'hour', 'day'] as const
export type StepName = (typeof stepNames)[number]
export const stepName = z.enum(stepNames, 'must be minute, hour or day')

/** An IANA name. */
export const timeZone = z
  .string('must be a time zone such as Asia/Shanghai')
  .max(64, 'must be a time zone such as Asia/Shanghai')
  .refine(isTimeZone, 'must be a time zone such as Asia/Shanghai')

function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +08:00 have no summer; whoever wants them means a zone.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== null
  } catch {
    return false
  }
}

const usualMs = { minute: minuteMs, hour: hourMs, day: dayMs }
const longestMs = 400 * dayMs
/** A day by the minute, two months by the hour, 400 days. */
const mostSteps = 1_500

const zoned = (time: number, tz: string) =>
  Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(tz)

/** Start of the step that the time is in: UTC milliseconds. */
export function startOf(step: StepName, time: number, tz: string): number {
  if (step === 'day') return zoned(time, tz).startOfDay().epochMilliseconds
  if (step === 'minute') return Math.floor(time / minuteMs) * minuteMs
  const offset = Math.round(zoned(time, tz).offsetNanoseconds / 1e6)
  return Math.floor((time + offset) / hourMs) * hourMs - offset
}

/** Start of the step behind the one that begins then. */
export function nextStart(step: StepName, start: number, tz: string): number {
  if (step === 'day') return zoned(start, tz).add({ days: 1 }).startOfDay().epochMilliseconds
  if (step === 'minute') return start + minuteMs
  const next = startOf('hour', start + hourMs, tz)
  // Where summer moves by half an hour.
  return next > start ? next : start + hourMs
}

/**
 * Starts of all steps that have a part in the time, and at last the end of the last one.
 * @throws Refusal when these are too many
 */
export function stepsBetween(since: number, until: number, step: StepName, tz: string): number[] {
  if (until < since) throw new Refusal('invalid', 'until', 'until must not be before since')
  if (until - since > longestMs)
    throw new Refusal('invalid', 'since', 'since must be at most 400 days before until')
  if ((until - since) / usualMs[step] > mostSteps) {
    const coarser = step === 'minute' && (until - since) / hourMs <= mostSteps ? 'hour' : 'day'
    const message = `step ${step} would make more than ${mostSteps} steps: take ${coarser}, or a shorter time`
    throw new Refusal('invalid', 'step', message)
  }
  const starts = [startOf(step, since, tz)]
  while (starts.at(-1)! <= until) starts.push(nextStart(step, starts.at(-1)!, tz))
  return starts
}

/** Neighbours of one length. */
export interface Run {
  from: number
  /** Not included. */
  until: number
  length: number
}

/** @param starts as of `stepsBetween` */
export function runsOf(starts: number[]): Run[] {
  const runs: Run[] = []
  for (const [i, from] of starts.slice(0, -1).entries()) {
    const until = starts[i + 1]!
    const last = runs.at(-1)
    if (last && last.length === until - from) last.until = until
    else runs.push({ from, until, length: until - from })
  }
  return runs
}
