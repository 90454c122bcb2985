/** Input of people and programs, checked by a schema at the edge. */
import { z } from 'zod'
import { Refusal } from './refusal.ts'

/**
 * The checked input. Messages come from the schema alone, so that a rejected value (a password in the wrong field) is
 * not repeated.
 * @throws Refusal with one line per bad field, each beginning with the field's name
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(' '),
  )
  throw new Refusal('invalid', parsed.error.issues[0]!.path.join('.'), lines.join('\n'))
}

/** @param most characters; absent = no matter how many */
export function text(most?: number) {
  const any = z.string('must be text')
  return most === undefined ? any : any.max(most, `must have at most ${most} characters`)
}

/**
 * How many rows are wanted at once.
 * @param usual where it is not said
 */
export function limit(most: number, usual: number) {
  const allowed = `must be 1 to ${most}`
  return z.int('must be a whole number').min(1, allowed).max(most, allowed).default(usual)
}

/** Of the row that whoever asks has seen: the change is refused when there is a newer one. */
export const knownVersion = z.int('must be a whole number').optional()
