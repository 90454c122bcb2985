/** How the original's columns are read. Their types differ a little between its versions. */
import { createHash } from 'node:crypto'
import ipaddr from 'ipaddr.js'
import { v7 } from 'uuid'
import { z } from 'zod'
import { parsePrefix } from '../ban/rules.ts'
import type { Outcome } from './outcome.ts'

const whole = z.union([z.string(), z.number()], 'must be text or a number')

export const id = whole.transform(String).refine(text => text !== '', 'is empty')
/** null and a column that is not there are ''. */
export const text = whole.nullish().transform(value => String(value ?? ''))

export const flag = whole.nullish().transform((value, context) => {
  const written = String(value ?? 0).toLowerCase()
  if (['0', 'false', 'no', 'off', 'disabled', ''].includes(written)) return false
  if (['1', 'true', 'yes', 'on', 'enabled'].includes(written)) return true
  context.addIssue({ code: 'custom', message: 'must be 0 or 1' })
  return z.NEVER
})

/** Seconds since 1970 until the year 5138, milliseconds since 1973. */
const mostSeconds = 1e11
/** The year 10000. */
const mostMs = 253_402_300_800_000

/** UTC milliseconds, also from seconds or from text; null = none, as from MySQL's `0000-00-00`. */
export const time = whole.nullish().transform((value, context) => {
  if (value === null || value === undefined || value === '' || Number(value) === 0) return null
  const number = Number(value)
  const ms = Number.isNaN(number) ? Date.parse(String(value)) : number < mostSeconds ? number * 1000 : number
  if (ms > 0 && ms < mostMs) return Math.round(ms)
  context.addIssue({ code: 'custom', message: 'is no time' })
  return z.NEVER
})

/** Rows in their form, and what became of those that have none. */
export function parseRows<Schema extends z.ZodType>(
  schema: Schema,
  rows: readonly unknown[],
): { parsed: z.output<Schema>[]; failed: Outcome[] } {
  const parsed: z.output<Schema>[] = []
  const failed: Outcome[] = []
  for (const row of rows) {
    const result = schema.safeParse(row)
    if (result.success) parsed.push(result.data)
    else failed.push({ ...skip(idOf(row), describe(result.error)), about: '' })
  }
  return { parsed, failed }
}

/** The messages of the schema alone: never the value. */
const describe = ({ issues }: z.ZodError) =>
  issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', ')

const idOf = (row: unknown) => String((row as { id?: unknown } | null)?.id ?? 'without an id')

export const skip = (row: string, why: string) => ({ row, kind: 'skipped', why }) as const

/**
 * The id of a row here: the same at every run, so that none is taken twice. In the order of time as all ids are, and
 * within a millisecond in that of the original.
 * @param parts what else makes it that row and cannot change
 */
export function stableId(time: number, table: string, row: string, ...parts: string[]): string {
  const random = createHash('sha256')
    .update(JSON.stringify([table, row, ...parts]))
    .digest()
  const number = Number(row)
  return v7({
    random: random.subarray(0, 16),
    msecs: time,
    seq: Number.isSafeInteger(number) && number > 0 ? number % 2 ** 31 : 0,
  })
}

/** The first of the texts that is an IP address, in its one spelling; '' = none is. */
export function firstAddress(...texts: string[]): string {
  const found = texts.map(given => given.trim()).find(given => !given.includes('/') && parsePrefix(given))
  return found === undefined ? '' : ipaddr.process(found).toString()
}

/** At most so many characters, without breaking one. */
export const cut = (given: string, most: number) => [...given].slice(0, most).join('')
