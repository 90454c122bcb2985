/** The numbers of this moment, as they are shown. */
import { z } from 'zod'

export const now = z.strictObject({
  /** UTC milliseconds. */
  time: z.int(),
  /** What the numbers are of: ten seconds where somebody has looked before, else one to two minutes. Milliseconds. */
  window: z.int(),
  /** Attempts per second. */
  qps: z.number(),
  /** Attempts in the window. */
  success: z.int(),
  failed: z.int(),
  /** Attempts that are being decided, over all processes; null where none of them tells, as in a cloud function or without Redis. */
  in_flight: z.int().nullable(),
  /** Milliseconds; null = no attempts in the window. */
  p95: z.number().nullable(),
})

export type Now = z.infer<typeof now>
