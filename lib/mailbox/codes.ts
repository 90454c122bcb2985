/** One-time codes after RFC 6238 (SHA-1, six digits, 30 seconds), and what authenticator apps are told. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { codeDigits, stepAt } from './rules.ts'

/** @returns a new secret in Base32 */
export const newTotpSecret = (bytes: number) => new Secret({ size: bytes }).base32

/** The code of a step. @param secret in Base32 */
export const codeAt = (secret: string, step: number) => computeCode(keyOf(secret), step)

/**
 * The step whose code this is, from `oldest` to 1 steps after now; the ones that could be accepted go first, since two
 * steps may have the same code. All are computed, whether or not one fits: time does not tell.
 * @param secret in Base32
 * @returns null when it is none of theirs
 */
export function findStep(secret: string, code: string, now: number, oldest: number): number | null {
  const key = keyOf(secret)
  const current = stepAt(now)
  const offsets = [0, 1, ...Array.from({ length: -oldest }, (_, n) => -n - 1)]
  const codes = offsets.map(offset => computeCode(key, current + offset))
  const offset = offsets[codes.indexOf(code)]
  return offset === undefined ? null : current + offset
}

const keyOf = (secret: string) => createSecretKey(Secret.fromBase32(secret).bytes)

/** RFC 4226, section 5.3, by Node's own HMAC: twenty of them stand on the way of every login that ends in six digits. */
function computeCode(key: KeyObject, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', key).update(counter).digest()
  const number = digest.readUInt32BE(digest.at(-1)! & 0xf) & 0x7fffffff
  return `${number % 10 ** codeDigits}`.padStart(codeDigits, '0')
}

/** What authenticator apps read, as text or as QR code: it holds the secret. */
export const otpauthUrl = (secret: string, issuer: string, account: string) =>
  new TOTP({ issuer, label: account, secret: Secret.fromBase32(secret), digits: codeDigits }).toString()
