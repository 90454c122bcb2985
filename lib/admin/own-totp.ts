/** One-time codes of the administrator's own sign-in. */
import { z } from 'zod'
import { parseInput, text } from '../input.ts'
import { findStep, newTotpSecret, otpauthUrl } from '../mailbox/codes.ts'
import { drawQr } from '../qr.ts'
import { Refusal } from '../refusal.ts'
import type { Sealer } from '../sealing.ts'
import type { Settings } from '../settings/definitions.ts'
import { adminTotpPlace } from './admin.ts'
import { changeAdmin } from './change.ts'
import { type OwnServices, type Profile, provePassword, refuseChanged, showProfile } from './own.ts'
import type { Session } from './sessions.ts'

export interface OwnTotpServices extends OwnServices {
  sealer: Sealer
  settings: OwnServices['settings'] & Pick<Settings, 'totp'>
}

export const withPassword = z.strictObject({ password: text(1_000) })

/** Shown this once. */
export const enrolmentSchema = z.strictObject({
  otpauth: z.string(),
  qr_svg: z.string(),
  /** A data URL. */
  qr_png: z.string(),
})

/** Makes a secret, or another one while it is not confirmed. @throws Refusal when codes are in force already */
export async function enrolOwnTotp(
  services: OwnTotpServices,
  session: Session,
  input: unknown,
): Promise<z.infer<typeof enrolmentSchema>> {
  const { password } = parseInput(withPassword, input)
  const { password_hash } = await provePassword(services, session, password, 'password')
  const { issuer, secret_length } = services.settings.totp
  const secret = newTotpSecret(secret_length)
  await changeAdmin(services, 'session totp enable', session.username, before => {
    refuseChanged(before, password_hash)
    if (before.totp_confirmed === 1)
      throw new Refusal('conflict', 'totp', 'your sign-in needs codes already; disable them first')
    const totp_secret = services.sealer.seal(secret, adminTotpPlace(before.id))
    // The new secret has codes of its own: none of them was used.
    return { totp_secret, totp_last_step: 0 }
  })
  const otpauth = otpauthUrl(secret, issuer, session.username)
  return { otpauth, ...(await drawQr(otpauth)) }
}

export const codeInput = z.strictObject({
  code: text().regex(/^\d{6}$/, 'must be the 6 digits that the app shows now'),
})

/** Puts the new secret in force; the code is spent by that. @throws Refusal when none waits, or the code is not one of now */
export async function confirmOwnTotp(
  services: OwnTotpServices,
  session: Session,
  input: unknown,
): Promise<Profile> {
  const { code } = parseInput(codeInput, input)
  await changeAdmin(services, 'session totp confirm', session.username, before => {
    if (before.totp_secret === null || before.totp_confirmed === 1)
      throw new Refusal('conflict', 'code', 'no new secret waits to be confirmed')
    const secret = services.sealer.open(before.totp_secret, adminTotpPlace(before.id))
    const step = findStep(secret, code, services.clock(), -1)
    if (step !== null) return { totp_confirmed: 1, totp_last_step: step }
    throw new Refusal(
      'invalid',
      'code',
      'code is not the one of now; type the next one, and look at the clocks of phone and gateway',
    )
  })
  return showProfile(services, session)
}

/** Sign-ins need no code any more, and the secret is gone. */
export async function disableOwnTotp(
  services: OwnTotpServices,
  session: Session,
  input: unknown,
): Promise<void> {
  const { password } = parseInput(withPassword, input)
  const { password_hash } = await provePassword(services, session, password, 'password')
  await changeAdmin(services, 'session totp disable', session.username, before => {
    refuseChanged(before, password_hash)
    return { totp_secret: null, totp_confirmed: 0, totp_last_step: 0 }
  })
}
