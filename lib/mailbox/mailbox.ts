/** A mailbox as people see it and describe it. */
import { z } from 'zod'
import type { User } from '../database/schema.ts'
import { knownVersion, text } from '../input.ts'
import { readProtocols } from './account.ts'
import { type Protocol, protocols } from './protocols.ts'

/** No hash, no secret. */
export const mailboxSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  login: z.string().describe('What the backend is told: the name as it was typed.'),
  owner: z.string(),
  enabled: z.boolean(),
  protocols: z.array(z.enum(protocols)),
  pool: z.string().nullable(),
  totp: z
    .enum(['off', 'pending', 'on'])
    .describe('pending: there is a secret, but no code is asked for before it is confirmed.'),
  guesses: z.int().describe('Wrong passwords of strangers since the last success of one.'),
  version: z.int().describe('Rises with every change; send it along, and nobody else is overruled.'),
  created_at: z.int().describe('UTC milliseconds.'),
  updated_at: z.int().describe('UTC milliseconds.'),
})
export type Mailbox = z.infer<typeof mailboxSchema>

/** A mailbox with a new TOTP secret, which is shown this once. */
export const enrolledSchema = mailboxSchema.extend({
  otpauth: z.string().describe('For authenticator apps, as text or as QR code: it holds the secret.'),
})
export type Enrolled = z.infer<typeof enrolledSchema>

/** What people give a mailbox. */
export const fields = {
  owner: text()
    .normalize('NFC')
    .max(255, 'must have at most 255 characters')
    .regex(/^[^\0\p{Cs}]*$/u, 'must be text without NUL'),
  protocols: z
    .array(z.enum(protocols, `must be one of ${protocols.join(', ')}`), 'must be a list')
    .min(1, 'must name at least one; disable the mailbox to refuse all'),
  pool: z
    .string('must be text, or null for none')
    .regex(/^[a-z0-9_.-]{1,64}$/, 'must be 1 to 64 of a-z 0-9 - _ . or null for none')
    .nullable(),
}

/** What a new mailbox is made from. */
export const newMailbox = z.strictObject({
  /** Also the login at the backend; nginx reads no answer over 1024 bytes. */
  name: text().refine(text => Buffer.byteLength(text) <= 255, 'must have at most 255 bytes'),
  password: text(),
  owner: fields.owner.default(''),
  protocols: fields.protocols.default([...protocols]),
  pool: fields.pool.default(null),
  /** Whether logins need a one-time code, from the first one on. */
  totp: z.boolean('must be true or false').default(false),
})

/** What can be changed without touching the password. */
export const mailboxChanges = z
  .strictObject({
    owner: fields.owner.optional(),
    protocols: fields.protocols.optional(),
    pool: fields.pool.optional(),
    enabled: z.boolean('must be true or false').optional(),
    version: knownVersion,
  })
  .refine(
    ({ version: _, ...changes }) => Object.keys(changes).length > 0,
    'nothing to change: give owner, protocols, pool or enabled',
  )

/** As the column holds them, in their usual order. */
export const joinProtocols = (wanted: Protocol[]) =>
  protocols.filter(protocol => wanted.includes(protocol)).join(',')

/** What the operation log keeps of it. */
export function describeMailbox(user: User) {
  const { login, owner, enabled, protocols, pool, totp, guesses } = toMailbox(user)
  return { login, owner, enabled, protocols, pool, totp, guesses }
}

export function toMailbox(user: User): Mailbox {
  return {
    id: user.id,
    name: user.name,
    login: user.login,
    owner: user.owner,
    enabled: user.enabled === 1,
    protocols: readProtocols(user.protocols),
    pool: user.pool,
    totp: user.totp_secret === null ? 'off' : user.totp_confirmed === 1 ? 'on' : 'pending',
    guesses: user.guesses,
    version: user.version,
    created_at: user.created_at,
    updated_at: user.updated_at,
  }
}
