/**
 * Passwords as the database holds them. Besides bcrypt there are two forms for mailboxes that came in bulk with plain
 * passwords, because bcrypt of ten thousand takes minutes: a fast digest, sealed, and later bcrypt over that digest.
 *
 * The digest is salted with the account's id, so two rows never show that their passwords are equal. It holds no key:
 * what bcrypt is made of must outlive the master secret.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Logger } from 'pino'
import type { Database } from '../database/schema.ts'
import type { Sealer } from '../sealing.ts'
import type { Passwords } from './passwords.ts'

/** `sealed:` and what the sealer made of the digest. */
const sealedForm = 'sealed:'
/** `digest:` and the bcrypt hash of the digest. */
const digestForm = 'digest:'

/** What a mailbox's digest is sealed for (lib/sealing.ts). */
const place = (accountId: string) => `users/${accountId}/password_hash`

const digestOf = (accountId: string, password: string) =>
  createHash('sha256').update(`mailgateway\0${accountId}\0`).update(password).digest('base64url')

export const isSealed = (stored: string) => stored.startsWith(sealedForm)

/** For a LIKE over the column. */
export const sealedPattern = `${sealedForm}%`

/** The form in which many passwords can be stored at once. @param password in NFC */
export const sealPassword = (sealer: Sealer, accountId: string, password: string) =>
  sealedForm + sealer.seal(digestOf(accountId, password), place(accountId))

/** @throws SealBroken */
const openDigest = (sealer: Sealer, accountId: string, stored: string) =>
  sealer.open(stored.slice(sealedForm.length), place(accountId))

/** The same digest under the newest key; null = it is already. @throws SealBroken */
export function resealPassword(sealer: Sealer, accountId: string, stored: string): string | null {
  if (sealer.isNewest(stored.slice(sealedForm.length))) return null
  return sealedForm + sealer.seal(openDigest(sealer, accountId, stored), place(accountId))
}

/** bcrypt over a sealed digest, for whom nobody has logged in as yet. @throws SealBroken, HashBusy */
export async function hashSealed(
  { sealer, passwords }: { sealer: Sealer; passwords: Pick<Passwords, 'hashInTurn'> },
  accountId: string,
  stored: string,
): Promise<string> {
  const digest = openDigest(sealer, accountId, stored)
  return digestForm + (await passwords.hashInTurn(digest, stored))
}

export interface VerifyServices {
  db: Database
  sealer: Sealer
  passwords: Pick<Passwords, 'verify' | 'hashInTurn'>
  log: Pick<Logger, 'warn'>
}

/**
 * Whether the password, in NFC, is the account's. Costs one bcrypt, whatever the form and whatever the answer; the one
 * for a sealed digest makes the hash that takes its place if the password is right.
 * @throws HashBusy, SealBroken
 */
export async function verifyStored(
  services: VerifyServices,
  accountId: string,
  password: string,
  stored: string,
): Promise<boolean> {
  const { sealer, passwords } = services
  if (stored.startsWith(digestForm)) {
    return passwords.verify(digestOf(accountId, password), stored.slice(digestForm.length))
  }
  if (!isSealed(stored)) return passwords.verify(password, stored)
  const digest = openDigest(sealer, accountId, stored)
  const hash = await passwords.hashInTurn(password, stored)
  const right = timingSafeEqual(Buffer.from(digest), Buffer.from(digestOf(accountId, password)))
  // Nobody waits for it: a right password that is refused must not take longer than a wrong one.
  if (right) void keep(services, accountId, stored, hash)
  return right
}

async function keep({ db, log }: VerifyServices, accountId: string, before: string, hash: string) {
  try {
    await replaceStored(db, accountId, before, hash)
  } catch (error) {
    log.warn({ err: error }, 'a password stays in its sealed form until the next login')
  }
}

/**
 * Another form of the same password: no version rises, and what was proved stays proved.
 * @returns false when the password was changed meanwhile; then nothing has been done
 */
export async function replaceStored(
  db: Database,
  accountId: string,
  before: string,
  after: string,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ password_hash: after })
    .where('id', '=', accountId)
    .where('password_hash', '=', before)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
