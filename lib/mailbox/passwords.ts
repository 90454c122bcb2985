/** Passwords: which may be set, how one is read from the wire, and what hashing needs to offer. */
import type { Digest } from '../digest.ts'
import { Refusal } from '../refusal.ts'
import { isUnsendable, maxPasswordBytes } from './rules.ts'

/** Hashes and compares, off the event loop where there is one to protect. */
export interface Passwords {
  /** bcrypt of the password. @param cost default: that for mailboxes */
  hash(password: string, cost?: number): Promise<string>
  /**
   * Whether the password belongs to the hash. Equal calls in flight share one computation.
   * @throws HashBusy when it would take longer than the deadline; nothing has been computed then
   */
  verify(password: string, hash: string): Promise<boolean>
  /**
   * Like `hash`, but on the way of a login: waits in turn and costs what a comparison costs. Equal calls in flight share
   * one computation. @param place what the hash is for: two places never share one
   * @throws HashBusy as `verify`
   */
  hashInTurn(password: string, place: string): Promise<string>
}

export class HashBusy extends Error {
  override name = 'HashBusy'
}

/** 2^10 rounds, about 80 ms here: mail clients log in often. NIST SP 800-63B-4 asks for as much as is bearable. */
export const bcryptCost = 10

/**
 * A hash that no password is known for. Comparing with it makes an unknown user cost what a known one costs.
 * Its cost factor is `bcryptCost`.
 */
export const nobodysHash = '$2b$10$Vd5R0RvVXJqkXkzDqNnVGeBsSRcLr0Qh9gkXN0jTqv3kBEQzvOa9m'

/**
 * The same, another one for each name: comparisons with equal hashes share one computation, and two unknown names that
 * share one would be told from a known name by their speed.
 */
export function hashOfNobody(digest: Digest, name: string, cost = bcryptCost): string {
  const bytes = digest(`salt\0${name}`)
  const salt = bytes.slice(0, 21).replaceAll('-', '.').replaceAll('_', '/')
  return `$2b$${`${cost}`.padStart(2, '0')}$${salt}${nobodysHash.slice(28)}`
}

const minCharacters = 8

/** The passwords that attackers try first and that are long enough to be set. */
const commonPasswords = new Set(
  `password password1 password123 passw0rd p@ssw0rd 12345678 123456789 1234567890 87654321 0123456789 11111111
   00000000 88888888 66666666 12341234 123123123 147258369 abcd1234 abc12345 1234abcd a1234567 a12345678 aa123456
   qwertyui qwertyuiop qwerty123 qwerty12 1qaz2wsx 1q2w3e4r 1q2w3e4r5t q1w2e3r4 asdfghjk asdfghjkl zxcvbnm1
   iloveyou sunshine princess football baseball superman trustno1 welcome1 welcome123 letmein1 changeme changeme1
   administrator admin123 admin1234 admin@123 woaini1314 5201314520 password1234 passwordpassword 123456789012
   1234567890123 123123123123 111111111111 000000000000 888888888888 1q2w3e4r5t6y 1qaz2wsx3edc qwertyuiop123
   qwertyuiopasdf administrator1 adminadminadmin admin1234567 changemechangeme`.split(/\s+/),
)

/** For mailboxes with one-time codes. @throws Refusal naming `password` */
export function refuseUnsendable(password: string): void {
  if (!isUnsendable(password)) return
  throw new Refusal(
    'invalid',
    'password',
    'password must not begin or end with a space where there are one-time codes',
  )
}

/**
 * The form in which a password is hashed and compared, NFC, after checking that it may be set.
 * @param least characters that it needs; default: that of mailboxes
 * @param field what the caller calls it
 * @throws Refusal naming the field; the text never contains the password
 */
export function parseNewPassword(text: string, least = minCharacters, field = 'password'): string {
  const password = text.normalize('NFC')
  const refuse = (why: string) => new Refusal('invalid', field, `${field} ${why}`)
  if ([...password].length < least) throw refuse(`needs at least ${least} characters`)
  if (Buffer.byteLength(password) > maxPasswordBytes) {
    throw refuse(`is longer than ${maxPasswordBytes} bytes in UTF-8, the most that bcrypt reads`)
  }
  if (/[\x00-\x1f\x7f]/.test(password)) throw refuse('must not contain control characters')
  if (commonPasswords.has(password.toLowerCase())) throw refuse('is one of the first that attackers try')
  return password
}
