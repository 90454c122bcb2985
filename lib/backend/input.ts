/** What people may say about a backend, checked and brought to one form. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { canonicalDomain } from '../domain.ts'
import { knownVersion } from '../input.ts'
import { protocols } from '../mailbox/protocols.ts'
import { states } from './shapes.ts'

/** An address in its shortest form, an IPv4 one inside IPv6 as IPv4; null = no address, or one with a zone. */
function toAddress(text: string): string | null {
  return isIP(text) === 0 || text.includes('%') ? null : ipaddr.process(text).toString()
}

function normalised(convert: (text: string) => string | null, allowed: string) {
  return z.string(allowed).transform((text, context) => {
    const value = convert(text)
    if (value !== null) return value
    context.addIssue({ code: 'custom', message: allowed })
    return z.NEVER
  })
}

/** A whole number, as such or as digits. */
function wholeNumber(smallest: number, largest: number) {
  const allowed = `must be a whole number from ${smallest} to ${largest}`
  const digits = z.string().regex(/^\d+$/).transform(Number)
  return z
    .union([z.number(), digits], allowed)
    .refine(value => Number.isInteger(value) && value >= smallest && value <= largest, allowed)
}

const fields = {
  protocol: z.enum(protocols, `must be one of ${protocols.join(', ')}`),
  host: normalised(
    text => toAddress(text) ?? canonicalDomain(text),
    'must be a DNS name or an IP address without brackets and zone',
  ),
  port: wholeNumber(1, 65_535),
  weight: wholeNumber(1, 1_000),
  tier: wholeNumber(0, 9),
  domain: normalised(
    canonicalDomain,
    'must be a mail domain such as example.org, or null for any',
  ).nullable(),
  pool: z
    .string('must be text, or null for none')
    .regex(/^[a-z0-9_.-]{1,64}$/, 'must be 1 to 64 of a-z 0-9 - _ . or null for none')
    .nullable(),
  state: z.enum(states, `must be one of ${states.join(', ')}`),
}

/** What a new backend is made from. */
export const newBackendSchema = z.strictObject({
  protocol: fields.protocol,
  host: fields.host,
  port: fields.port,
  weight: fields.weight.default(1),
  tier: fields.tier.default(0),
  domain: fields.domain.default(null),
  pool: fields.pool.default(null),
  state: fields.state.default('active'),
})

/** What can be changed later. The protocol cannot: that would be another backend. */
export const backendChangesSchema = z
  .strictObject({
    host: fields.host,
    port: fields.port,
    weight: fields.weight,
    tier: fields.tier,
    domain: fields.domain,
    pool: fields.pool,
    state: fields.state,
    /** Of the backend as it was seen; another one now = somebody else was faster. */
    version: knownVersion,
  })
  .partial()
