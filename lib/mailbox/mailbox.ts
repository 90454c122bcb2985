/** A mailbox as people see it and describe it. */
import { z } from 'zod'
import type { User } from '../database/schema.ts'
import { readProtocols } from './account.ts'
import { type Protocol, protocols } from './protocols.ts'

/** No hash, no secret. Times are UTC milliseconds. */
export interface Mailbox {
  id: string
  name: string
  login: string
  owner: string
  enabled: boolean
  protocols: Protocol[]
  pool: string | null
  /** `pending`: there is a secret, but no code is asked for before it is confirmed. */
  totp: 'off' | 'pending' | 'on'
  /** Wrong passwords of strangers since the last success of one. */
  guesses: number
  createdAt: number
  updatedAt: number
}

const fields = {
  owner: z.string('must be text').normalize('NFC').max(255, 'must have at most 255 characters'),
  protocols: z
    .array(z.enum(protocols, `must be one of ${protocols.join(', ')}`), 'must be a list')
    .min(1, 'must name at least one; disable the mailbox to refuse all'),
  pool: z
    .string('must be text, or null for none')
    .regex(/^[a-z0-9_.-]{1,64}$/, 'must be 1 to 64 of a-z 0-9 - _ . or null for none')
    .nullable(),
}

/** A mailbox with a new TOTP secret, which is shown this once. */
export interface Enrolled extends Mailbox {
  /** For authenticator apps, as text or as QR code. */
  otpauth: string
}

/** What a new mailbox is made from. */
export const newMailbox = z.strictObject({
  /** Also the login at the backend; nginx reads no answer over 1024 bytes. */
  name: z
    .string('must be text')
    .refine(text => Buffer.byteLength(text) <= 255, 'must have at most 255 bytes'),
  password: z.string('must be text'),
  owner: fields.owner.default(''),
  protocols: fields.protocols.default([...protocols]),
  pool: fields.pool.default(null),
  /** Whether logins need a one-time code, from the first one on. */
  totp: z.boolean('must be true or false').default(false),
})

/** What can be changed without touching the password. */
export const mailboxChanges = z
  .strictObject({ owner: fields.owner, protocols: fields.protocols, pool: fields.pool })
  .partial()
  .refine(changes => Object.keys(changes).length > 0, 'nothing to change: give owner, protocols or pool')

/** `search` in name or owner; the page after the name `after`. */
export const listQuery = z.strictObject({
  search: z.string('must be text').default(''),
  after: z.string('must be text').default(''),
  limit: z
    .int('must be a whole number')
    .min(1, 'must be 1 to 1000')
    .max(1000, 'must be 1 to 1000')
    .default(100),
})

/** As the column holds them, in their usual order. */
export const joinProtocols = (wanted: Protocol[]) =>
  protocols.filter(protocol => wanted.includes(protocol)).join(',')

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
    createdAt: user.created_at,
    updatedAt: user.updated_at,
  }
}
