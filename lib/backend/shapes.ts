/** Backends, and what is known of them, as the API and the command line show them. Times are UTC milliseconds. */
import { z } from 'zod'
import { protocols } from '../mailbox/protocols.ts'

export const states = ['active', 'draining', 'off'] as const

export const backendSchema = z.strictObject({
  id: z.string(),
  protocol: z.enum(protocols),
  host: z.string(),
  port: z.int(),
  weight: z.int(),
  tier: z.int(),
  domain: z.string().nullable(),
  pool: z.string().nullable(),
  state: z.enum(states),
  created_at: z.int(),
  updated_at: z.int(),
  version: z.int(),
})

export const savedSchema = z.strictObject({
  backend: backendSchema,
  /** Something that will probably not work; null = nothing to say. */
  warning: z.string().nullable(),
})
export type Saved = z.infer<typeof savedSchema>

/** What checks have found out about one address. */
export const healthSchema = z.strictObject({
  up: z.boolean(),
  /** Since when `up` has its value. */
  since: z.int(),
  /** Checks in a row that spoke against `up`. */
  against: z.int(),
  /** null = never. */
  checked_at: z.int().nullable(),
  /** Text of the last bad check; null once the address is up and answers. */
  last_error: z.string().nullable(),
})
export type Health = z.infer<typeof healthSchema>

export const knownHealthSchema = healthSchema.extend({
  /** The process that checked last; null = none. */
  checked_by: z.string().nullable(),
})
export type KnownHealth = z.infer<typeof knownHealthSchema>

export const backendStatusSchema = backendSchema.extend({
  health: z.array(knownHealthSchema.extend({ address: z.string() })),
  /** When the name was last resolved; null = never, or the host is an address. */
  resolved_at: z.int().nullable(),
  /** Why the name cannot be resolved now; null = it can, or nobody asked yet. */
  dns_error: z.string().nullable(),
})
export type BackendStatus = z.infer<typeof backendStatusSchema>

const outcomeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('good'), greeting: z.string() }),
  z.strictObject({ kind: z.literal('refused'), error: z.string() }),
  z.strictObject({ kind: z.literal('failed'), error: z.string() }),
])
/** How one check ended. `refused` is a clear no from the network, `failed` may be a passing weakness. */
export type Outcome = z.infer<typeof outcomeSchema>

export const probeSchema = z.strictObject({
  /** Of the host's name, just now. */
  resolution: z.strictObject({
    addresses: z.array(z.string()),
    /** null = the host is an address, or the name has none. */
    resolved_at: z.int().nullable(),
    last_error: z.string().nullable(),
  }),
  checks: z.array(z.strictObject({ address: z.string(), outcome: outcomeSchema })),
})
export type Probe = z.infer<typeof probeSchema>
