/** Figures and decisions about passwords, codes and grants that both setting and checking go by. */
import type { GrantRow } from '../database/schema.ts'

/** bcrypt reads no further, so a longer password would be open to everyone who knows the first 72 bytes. */
export const maxPasswordBytes = 72

/** RFC 6238 with its usual figures, the ones that every authenticator app knows. */
export const codeDigits = 6

/** Whether there may be a code behind a password. */
export const endsInCode = (text: string) => /.\d{6}$/su.test(text)
export const withoutCode = (text: string) => text.slice(0, -codeDigits)

/**
 * Whether nginx would cut something off: spaces at an end of what it is answered
 * (ngx_mail_auth_http_module.c:1006-1057), and that is how a password with a code behind it travels on.
 */
export const isUnsendable = (password: string) => /^ | $/.test(password)

const stepMs = 30_000

/** Number of the TOTP step that a moment (UTC milliseconds) is in. */
export const stepAt = (now: number) => Math.floor(now / stepMs)

/** Lives in milliseconds, 0 = every login needs a fresh code. */
export interface GrantLife {
  grant_idle: number
  grant_max: number
}

export const grantsAreOff = ({ grant_idle, grant_max }: GrantLife) => grant_idle === 0 || grant_max === 0

/** When a grant ends if it is not used any more, in UTC milliseconds; its code counts from the step it was for. */
export function grantEnd(grant: Pick<GrantRow, 'created_at' | 'used_at' | 'step'>, life: GrantLife): number {
  // Connections that come at once share one code, and nothing else does.
  if (grantsAreOff(life)) return (stepAt(grant.created_at) + 1) * stepMs
  return Math.min(grant.used_at + life.grant_idle, grant.step * stepMs + life.grant_max)
}

/** @param credentialVersion of the account now: whatever changes a credential ends every grant */
export function isLive(grant: GrantRow, credentialVersion: number, now: number, life: GrantLife): boolean {
  if (grant.ended_at !== null || grant.credential_version !== credentialVersion) return false
  // A clock that was set back does not make it live again.
  if (grantsAreOff(life) && stepAt(now) < stepAt(grant.created_at)) return false
  return now < grantEnd(grant, life)
}
