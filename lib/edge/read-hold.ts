/** What a relay is told to keep, as it comes over the wire. */
import { z } from 'zod'
import { type Hold, heldReasons } from './hold.ts'

const holdSchema = z.strictObject({
  reason: z.enum(heldReasons),
  prefix: z.string().max(43),
  ofUser: z.boolean(),
  ms: z.int().min(0),
}) satisfies z.ZodType<Hold>

/** Of later versions the relay understands what it knows. */
export function readHold(text: unknown): Hold | null {
  if (typeof text !== 'string') return null
  try {
    return holdSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
