/** What an administrator does with the own account. */
import { z } from 'zod'
import type { AdminRow } from '../database/schema.ts'
import { newId } from '../id.ts'
import { parseInput, text } from '../input.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import type { RecordServices } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { findAdmin, totpOf } from './admin.ts'
import { changeAdmin } from './change.ts'
import { type Guess, type GuessingServices, settleWrong, takePlace } from './guessing.ts'
import { adminCost, parseAdminPassword, verifyAdminPassword } from './passwords.ts'
import { roles } from './roles.ts'
import { endSessionsOf, type Session } from './sessions.ts'

export interface OwnServices extends RecordServices, GuessingServices {
  passwords: Pick<Passwords, 'verify' | 'hash'>
}

const languages = ['en', 'zh'] as const

export const profileSchema = z.strictObject({
  username: z.string(),
  role: z.enum(roles),
  /** Until it is changed nothing else may be done. */
  must_change_password: z.boolean(),
  totp: z.enum(['off', 'pending', 'on']),
  /** null = as the browser asks for. */
  language: z.enum(languages).nullable(),
})
export type Profile = z.infer<typeof profileSchema>

const toProfile = (row: AdminRow): Profile => ({
  username: row.username,
  role: row.role,
  must_change_password: row.must_change_password === 1,
  totp: totpOf(row),
  language: row.language,
})

export async function showProfile({ db }: Pick<OwnServices, 'db'>, { username }: Session): Promise<Profile> {
  return toProfile(await findAdmin(db, username))
}

export const profileChanges = z.strictObject({
  language: z.enum(languages, `must be one of ${languages.join(', ')}, or null`).nullable(),
})

export async function setProfile(
  services: OwnServices,
  { username }: Session,
  input: unknown,
): Promise<Profile> {
  const changes = parseInput(profileChanges, input)
  return toProfile(await changeAdmin(services, 'session set', username, () => changes))
}

export const passwordChange = z.strictObject({ old_password: text(1_000), new_password: text(1_000) })

/** Every other session of the administrator ends. @throws Refusal for a wrong old or an unfit new password */
export async function setOwnPassword(
  services: OwnServices,
  session: Session,
  input: unknown,
): Promise<Profile> {
  const { old_password, new_password } = parseInput(passwordChange, input)
  const password = parseAdminPassword(new_password, 'new_password')
  const { password_hash: old } = await provePassword(services, session, old_password, 'old_password')
  if (password === old_password.normalize('NFC'))
    throw new Refusal('invalid', 'new_password', 'new_password must be another one than the old')
  const password_hash = await services.passwords.hash(password, adminCost)
  const row = await changeAdmin(services, 'session set-password', session.username, async (before, trx) => {
    refuseChanged(before, old)
    await endSessionsOf(trx, before.id, session.id)
    return { password_hash, must_change_password: 0 }
  })
  return toProfile(row)
}

/** @throws Refusal when it is not the password that was proved any more */
export function refuseChanged({ password_hash }: AdminRow, proved: string): void {
  if (password_hash === proved) return
  throw new Refusal('conflict', 'password', 'the password was changed at the same moment; try again')
}

/**
 * Shows that whoever has the session knows the password too. Wrong ones are counted as at a sign-in: a stolen session is
 * no place to guess.
 * @returns the administrator, with the hash that it was compared with
 * @throws Refusal naming the field
 */
export async function provePassword(
  services: OwnServices,
  { admin_id, username }: Session,
  text: string,
  field: string,
): Promise<AdminRow> {
  const admin = await findAdmin(services.db, username)
  const guess: Guess = {
    name: `own\0${admin_id}`,
    adminId: admin_id,
    network: null,
    familiar: false,
    lockedUntil: null,
    digest: services.digest(`own\0${admin_id}\0${text}`),
    holder: newId(),
  }
  const { obstacle, places } = await takePlace(services, guess)
  try {
    if (obstacle !== null) {
      const wait = services.settings.admin.lock_time
      throw new Refusal('conflict', field, `too many wrong passwords; wait up to ${wait} minutes`)
    }
    if (await verifyAdminPassword(services, username, text, admin.password_hash, true)) {
      await services.hot.apply(places)
      return admin
    }
  } catch (error) {
    await services.hot.apply(places)
    throw error
  }
  await settleWrong(services, guess)
  throw new Refusal('invalid', field, `${field} is not your password`)
}
