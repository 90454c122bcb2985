/** Whether a name and a password belong together: the cached proof, or exactly one hash. */
import { createHmac, type KeyObject } from 'node:crypto'
import type { Database } from '../database/schema.ts'
import type { HotState, Op } from '../hot-state/port.ts'
import { type Account, accountKey, readAccount, readCopy, writeCopy } from '../mailbox/account.ts'
import { nobodysHash, type Passwords } from '../mailbox/passwords.ts'
import type { Credentials, Verdict } from './rules.ts'

export interface CredentialServices {
  db: Database
  hot: HotState
  passwords: Passwords
  /** Key of the digests under which proofs are kept. */
  credentialKey: KeyObject
  settings: { auth: { cache_ttl: number; cache_max: number } }
}

/** A successful comparison, remembered. Dead when the account's `credentialVersion` or id is another one. */
interface StoredProof {
  accountId: string
  credentialVersion: number
  /** When the password was hashed; a proof is renewed by use, but not for ever. */
  provedAt: number
  writtenAt: number
}

/** What the hot state knows about the name and the password, and the reads that ask it. */
export interface Remembered {
  account: Account | null
  proof: StoredProof | null
}

/** A proof in use is written again after this part of its life, so that most logins write nothing. */
const renewAfter = 0.25

export const recallOps = (services: CredentialServices, credentials: Credentials) =>
  [
    { op: 'read', key: accountKey(credentials.name) },
    { op: 'read', key: proofKey(services, credentials) },
  ] as const

export const readRemembered = (account: string | null, proof: string | null): Remembered => ({
  account: readCopy(account),
  proof: proof === null ? null : JSON.parse(proof),
})

/** The result of `prove`, and what makes the next one cheap: to be written when the login succeeds. */
export interface Proved {
  proof: Verdict
  memories: Op[]
  /** Whether it cost a hash. */
  hashed: boolean
}

/**
 * Shows whether the password is the user's. An unknown user costs the same read and the same hash.
 * @throws HashBusy, or whatever the database throws
 */
export async function prove(
  services: CredentialServices,
  credentials: Credentials,
  { account: copy, proof: stored }: Remembered,
  now: number,
): Promise<Proved> {
  const { cache_ttl, cache_max } = services.settings.auth
  if (stored && now < stored.provedAt + cache_max) {
    const account = copy ?? (await readAccount(services.db, credentials.name))?.account
    if (account && isOf(stored, account)) {
      const memories: Op[] = copy ? [] : [accountWrite(services, account)]
      const isDue = now > stored.writtenAt + cache_ttl * renewAfter
      if (isDue) memories.push(proofWrite(services, credentials, { ...stored, writtenAt: now }))
      return { proof: { account }, memories, hashed: false }
    }
  }
  const known = await readAccount(services.db, credentials.name)
  const matches = await services.passwords.verify(credentials.password, known?.passwordHash ?? nobodysHash)
  if (!known) return { proof: { reason: 'unknown_user' }, memories: [], hashed: true }
  if (!matches) return { proof: { reason: 'wrong_password' }, memories: [], hashed: true }
  const { account } = known
  const { id: accountId, credentialVersion } = account
  const proof = { accountId, credentialVersion, provedAt: now, writtenAt: now }
  const memories = [accountWrite(services, account), proofWrite(services, credentials, proof)]
  return { proof: { account }, memories, hashed: true }
}

const isOf = (proof: StoredProof, account: Account) =>
  proof.accountId === account.id && proof.credentialVersion === account.credentialVersion

/** The key holds a keyed digest: who reads the hot state learns neither the password nor whether two are equal. */
const proofKey = ({ credentialKey }: CredentialServices, { name, password }: Credentials) =>
  `proof:${createHmac('sha256', credentialKey).update(name).update('\0').update(password).digest('base64url')}`

/** Never over a newer copy or its tombstone: a slow login must not bring back what has been changed meanwhile. */
const accountWrite = ({ settings }: CredentialServices, account: Account): Op => ({
  op: 'write',
  key: accountKey(account.name),
  value: writeCopy(account),
  ttlMs: settings.auth.cache_ttl,
  version: account.version,
})

const proofWrite = (services: CredentialServices, credentials: Credentials, proof: StoredProof): Op => {
  const { cache_ttl, cache_max } = services.settings.auth
  return {
    op: 'write',
    key: proofKey(services, credentials),
    value: JSON.stringify(proof),
    ttlMs: Math.min(cache_ttl, proof.provedAt + cache_max - proof.writtenAt),
  }
}
