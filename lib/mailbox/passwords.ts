/** Mailbox passwords: which may be set, how one is read from the wire, and what hashing needs to offer. */
import { Refusal } from '../refusal.ts'
import { isUnsendable, maxPasswordBytes } from './rules.ts'

/** Hashes and compares, off the event loop where there is one to protect. */
export interface Passwords {
  /** bcrypt of the password at the cost for mailboxes. */
  hash(password: string): Promise<string>
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

const minCharacters = 8

/** The passwords that attackers try first and that are long enough to be set. */
const commonPasswords = new Set(
  `password password1 password123 passw0rd p@ssw0rd 12345678 123456789 1234567890 87654321 0123456789 11111111
   00000000 88888888 66666666 12341234 123123123 147258369 abcd1234 abc12345 1234abcd a1234567 a12345678 aa123456
   qwertyui qwertyuiop qwerty123 qwerty12 1qaz2wsx 1q2w3e4r 1q2w3e4r5t q1w2e3r4 asdfghjk asdfghjkl zxcvbnm1
   iloveyou sunshine princess football baseball superman trustno1 welcome1 welcome123 letmein1 changeme changeme1
   administrator admin123 admin1234 admin@123 woaini1314 5201314520`.split(/\s+/),
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
 * @throws Refusal naming `password`; the text never contains it
 */
export function parseNewPassword(text: string): string {
  const password = text.normalize('NFC')
  const refuse = (why: string) => new Refusal('invalid', 'password', `password ${why}`)
  if ([...password].length < minCharacters) throw refuse(`needs at least ${minCharacters} characters`)
  if (Buffer.byteLength(password) > maxPasswordBytes) {
    throw refuse(`is longer than ${maxPasswordBytes} bytes in UTF-8, the most that bcrypt reads`)
  }
  if (/[\x00-\x1f\x7f]/.test(password)) throw refuse('must not contain control characters')
  if (commonPasswords.has(password.toLowerCase())) throw refuse('is one of the first that attackers try')
  return password
}
