/** Administrators' passwords: which may be set, how one is checked, and the one that is made for somebody else. */
import { randomInt } from 'node:crypto'
import type { Digest } from '../digest.ts'
import { hashOfNobody, parseNewPassword } from '../mailbox/passwords.ts'
import { maxPasswordBytes } from '../mailbox/rules.ts'

/** Administrators sign in seldom, so a guess may take its time: about 330 ms here. */
export const adminCost = 12

const minCharacters = 12

/** As `parseNewPassword`, for administrators. */
export const parseAdminPassword = (text: string, field = 'password') =>
  parseNewPassword(text, minCharacters, field)

/** No letter or digit that looks like another one. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789'

/** A password for the first sign-in, to be read out or typed off: 99 random bits. */
export function makeOneTimePassword(): string {
  const group = () => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')
  return [group(), group(), group(), group()].join('-')
}

export interface VerifyServices {
  digest: Digest
  passwords: AdminPasswords
}

export interface AdminPasswords {
  /**
   * As of `Passwords`.
   * @param familiar whether it is asked for somebody in a network of theirs: then it need not wait behind strangers
   */
  verify(password: string, hash: string, familiar: boolean): Promise<boolean>
}

/**
 * Whether the password is the one of the hash. Whatever is compared, it costs bcrypt's time at `adminCost`: that of a
 * hash of the original, which is cheaper, is made up with hashes of nobody.
 * @param stored null = there is nothing to compare with
 * @param familiar see `AdminPasswords`
 * @throws HashBusy
 */
export async function verifyAdminPassword(
  { digest, passwords }: VerifyServices,
  username: string,
  text: string,
  stored: string | null,
  familiar: boolean,
): Promise<boolean> {
  const password = text.normalize('NFC')
  const isPossible = password !== '' && Buffer.byteLength(password) <= maxPasswordBytes
  const hash = (isPossible ? stored : null) ?? hashOfNobody(digest, username, adminCost)
  const isRight = await passwords.verify(password, hash, familiar)
  for (let cost = costOf(hash); cost < adminCost; cost++) {
    await passwords.verify(password, hashOfNobody(digest, username, cost), familiar)
  }
  return isRight && hash === stored
}

/** `$2b$12$…` */
export const costOf = (hash: string) => Number(hash.split('$')[2])
