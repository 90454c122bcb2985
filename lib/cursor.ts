/** Where the next page of a list begins, as an opaque text. */
import type { z } from 'zod'
import { Refusal } from './refusal.ts'

/** @param mark the place of a page's last row in the order of the list */
export const writeCursor = (mark: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(mark)).toString('base64url')

/** @throws Refusal for what `writeCursor` has not made */
export function readCursor<Schema extends z.ZodType>(schema: Schema, after: string): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(Buffer.from(after, 'base64url').toString()))
  if (parsed.success) return parsed.data
  throw new Refusal('invalid', 'after', 'after must be the `next` of an earlier answer to the same question')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
