/** A refusal that holds for a while whatever is tried: a relay may give it by itself. */
import { z } from 'zod'

/** Reasons of refusals that no password changes (lib/login/reasons.ts). */
export const heldReasons = [
  'banned',
  'banned_automatically',
  'locked',
  'locked_here',
  'many_networks',
  'shut_to_strangers',
] as const

/** Nobody waits longer than that for a ban or lock that was lifted. */
export const longestHoldMs = 60_000

export const holdSchema = z.strictObject({
  reason: z.enum(heldReasons),
  /** Where it holds. */
  prefix: z.string(),
  /** Whether it holds for the user of the request alone. */
  ofUser: z.boolean(),
  /** For how long. */
  ms: z.int().min(0).max(longestHoldMs),
})

export type Hold = z.infer<typeof holdSchema>
export type HeldReason = Hold['reason']
