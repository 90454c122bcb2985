/** One-time codes after RFC 6238 (SHA-1, six digits, 30 seconds), and what authenticator apps are told. */
import { HOTP, Secret, TOTP } from 'otpauth'
import { codeDigits, stepAt } from './rules.ts'

const form = { algorithm: 'SHA1', digits: codeDigits } as const

/** @returns a new secret in Base32 */
export const newTotpSecret = (bytes: number) => new Secret({ size: bytes }).base32

/** The code of a step. @param secret in Base32 */
export const codeAt = (secret: string, step: number) =>
  HOTP.generate({ secret: Secret.fromBase32(secret), counter: step, ...form })

/**
 * The step whose code this is, from `oldest` to 1 steps after now; the ones that could be accepted are looked at first,
 * since two steps may have the same code.
 * @param secret in Base32
 * @returns null when it is none of theirs
 */
export function findStep(secret: string, code: string, now: number, oldest: number): number | null {
  const key = Secret.fromBase32(secret)
  const current = stepAt(now)
  const steps = [0, 1, ...Array.from({ length: -oldest }, (_, n) => -n - 1)]
  const found = steps.find(
    offset => HOTP.generate({ secret: key, counter: current + offset, ...form }) === code,
  )
  return found === undefined ? null : current + found
}

/** What authenticator apps read, as text or as QR code: it holds the secret. */
export const otpauthUrl = (secret: string, issuer: string, account: string) =>
  new TOTP({ issuer, label: account, secret: Secret.fromBase32(secret), period: 30, ...form }).toString()
