/** A new TOTP secret: sealed for its row, and as the URL that is shown once. */
import type { Sealer } from '../sealing.ts'
import type { Settings } from '../settings/definitions.ts'
import { totpPlace } from './account.ts'
import { newTotpSecret, otpauthUrl } from './codes.ts'

export interface EnrolmentServices {
  sealer: Sealer
  settings: Pick<Settings, 'totp'>
}

/** @param name what the authenticator app shows beside the issuer */
export function makeTotp({ sealer, settings }: EnrolmentServices, accountId: string, name: string) {
  const { issuer, secret_length } = settings.totp
  const secret = newTotpSecret(secret_length)
  return { sealed: sealer.seal(secret, totpPlace(accountId)), otpauth: otpauthUrl(secret, issuer, name) }
}
