/** Input of people and programs, checked by a schema at the edge. */
import type { z } from 'zod'
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
