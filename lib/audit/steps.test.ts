import { expect, test } from 'vitest'
import { nextStart, runsOf, startOf, stepsBetween, timeZone } from './steps.ts'
import { dayMs, hourMs, minuteMs } from './times.ts'

const at = (text: string) => Date.parse(text)

test.each([
  ['UTC', '2026-11-24T12:34:56Z', '2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z'],
  ['Asia/Shanghai', '2026-11-24T16:00:00Z', '2026-11-24T16:00:00Z', '2026-11-25T16:00:00Z'],
  ['Asia/Shanghai', '2026-11-24T15:59:59.999Z', '2026-11-23T16:00:00Z', '2026-11-24T16:00:00Z'],
  ['Asia/Kathmandu', '2026-11-24T12:00:00Z', '2026-11-23T18:15:00Z', '2026-11-24T18:15:00Z'],
  // 23 and 25 hours.
  ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  // Begins at one: there was no midnight.
  ['America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
])('the day of %s at %s', (tz, time, start, next) => {
  expect(new Date(startOf('day', at(time), tz))).toEqual(new Date(start))
  expect(new Date(nextStart('day', at(start), tz))).toEqual(new Date(next))
})

test('steps follow each other without gaps, in every zone and over every change', () => {
  for (const tz of ['UTC', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Sao_Paulo']) {
    for (const step of ['hour', 'day'] as const) {
      const since = at('2026-03-20T00:20:00Z')
      const until = since + 30 * dayMs
      const starts = stepsBetween(since, until, step, tz)
      expect(starts[0]).toBeLessThanOrEqual(since)
      expect(starts.at(-1)).toBeGreaterThan(until)
      for (const [i, start] of starts.slice(0, -1).entries()) {
        expect(starts[i + 1]! - start).toBeGreaterThan(0)
        expect(startOf(step, starts[i + 1]! - 1, tz)).toBe(start)
      }
      const covered = runsOf(starts).reduce((sum, run) => sum + run.until - run.from, 0)
      expect(covered).toBe(starts.at(-1)! - starts[0]!)
    }
  }
})

test('a run ends where the length of a step changes', () => {
  const starts = stepsBetween(at('2026-03-27T12:00:00Z'), at('2026-03-31T12:00:00Z'), 'day', 'Europe/Berlin')
  expect(runsOf(starts).map(({ from, until, length }) => [(until - from) / length, length / hourMs])).toEqual(
    [
      [2, 24],
      [1, 23],
      [2, 24],
    ],
  )
})

test.each([
  [401 * dayMs, 'day', 'since', 'since must be at most 400 days before until'],
  [400 * dayMs, 'hour', 'step', 'step hour would make more than 1500 steps: take day, or a shorter time'],
  [
    30 * hourMs,
    'minute',
    'step',
    'step minute would make more than 1500 steps: take hour, or a shorter time',
  ],
  [-minuteMs, 'hour', 'until', 'until must not be before since'],
] as const)('%d ms by the %s', (range, step, field, message) => {
  expect(() => stepsBetween(1e12, 1e12 + range, step, 'UTC')).toThrow(
    expect.objectContaining({ name: 'Refusal', field, message }),
  )
})

test('names of zones', () => {
  for (const name of ['UTC', 'Asia/Shanghai', 'Europe/Berlin']) expect(timeZone.parse(name)).toBe(name)
  for (const name of ['', '+08:00', 'Mars', 'Asia/Shanghai ', '../etc', 5])
    expect(timeZone.safeParse(name).success, String(name)).toBe(false)
})
