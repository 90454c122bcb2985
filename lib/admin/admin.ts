/** An administrator as people see one. */
import { z } from 'zod'
import type { AdminRow, Database } from '../database/schema.ts'
import { text } from '../input.ts'
import { Refusal } from '../refusal.ts'
import { roles } from './roles.ts'

/** What is shown to others. Times are UTC milliseconds. */
export const adminSchema = z.strictObject({
  username: z.string(),
  role: z.enum(roles),
  enabled: z.boolean(),
  /** `pending`: there is a secret, but no code is asked for before it is confirmed. */
  totp: z.enum(['off', 'pending', 'on']),
  must_change_password: z.boolean(),
  /** Until when strangers are kept out after wrong passwords; null = they are not. */
  locked_until: z.int().nullable(),
  last_signed_in_at: z.int().nullable(),
  created_at: z.int(),
  updated_at: z.int(),
  version: z.int(),
})
export type Admin = z.infer<typeof adminSchema>

export const withOneTimePassword = adminSchema.extend({
  /** Shown this once; it has to be changed at the first sign-in. */
  one_time_password: z.string(),
})
export type WithOneTimePassword = z.infer<typeof withOneTimePassword>

/** Also the actor in the operation log, so nobody can be called `command line`. */
export const newUsername = text()
  .normalize('NFC')
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]{0,63}$/u,
    'must be 1 to 64 letters, digits and . _ @ + - and begin with a letter or digit',
  )

export const toAdmin = (row: AdminRow, now: number): Admin => ({
  username: row.username,
  role: row.role,
  enabled: row.enabled === 1,
  totp: totpOf(row),
  must_change_password: row.must_change_password === 1,
  locked_until: row.locked_until !== null && row.locked_until > now ? row.locked_until : null,
  last_signed_in_at: row.last_signed_in_at,
  created_at: row.created_at,
  updated_at: row.updated_at,
  version: row.version,
})

export const totpOf = (row: Pick<AdminRow, 'totp_secret' | 'totp_confirmed'>) =>
  row.totp_secret === null ? 'off' : row.totp_confirmed === 1 ? 'on' : 'pending'

/** What an administrator's TOTP secret is sealed for (lib/sealing.ts). */
export const adminTotpPlace = (adminId: string) => `admin/${adminId}/totp_secret`

/** @throws Refusal if there is none */
export async function findAdmin(db: Database, username: string): Promise<AdminRow> {
  const row = await db
    .selectFrom('admin')
    .selectAll()
    .where('username', '=', username.normalize('NFC'))
    .executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'username', `there is no administrator ${username}`)
  return row
}
