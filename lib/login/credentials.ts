/** Whether a name and a password belong together: the outcome of an earlier comparison, or exactly one hash. */
import { createHmac, type KeyObject } from 'node:crypto'
import type { Database } from '../database/schema.ts'
import type { HotState, Op } from '../hot-state/port.ts'
import { type Account, accountKey, writeCopy } from '../mailbox/account.ts'
import { nobodysHash, type Passwords } from '../mailbox/passwords.ts'
import type { Settings } from '../settings/definitions.ts'
import { releaseOp, reserve } from './guessing.ts'
import type { Facts, RecallServices } from './recall.ts'
import type { Credentials, Verdict } from './rules.ts'

export interface CredentialServices {
  db: Database
  hot: HotState
  passwords: Passwords
  /** Key of the digests under which outcomes are kept. */
  credentialKey: KeyObject
  settings: Pick<Settings, 'auth' | 'guessing'>
}

/** The outcome of a comparison. It holds for one account at one `credentialVersion`; null and 0 = for no account. */
export interface StoredProof {
  accountId: string | null
  credentialVersion: number
  right: boolean
  /** When the password was hashed; an outcome is renewed by use, but not for ever. */
  provedAt: number
  writtenAt: number
}

/** What `prove` found. */
export interface Proved {
  proof: Verdict
  /** The digest to count the password by, if it was hashed now and turns out to be a guess. */
  guess: string | null
  /** What makes the next time cheap; to be written when the attempt is settled, whatever becomes of it. */
  memories: Op[]
  /** Whether it cost a hash. */
  hashed: boolean
}

/** An outcome in use is written again after this part of its life, so that most logins write nothing. */
const renewAfter = 0.25

/** A keyed digest: who reads the hot state learns neither the password nor whether two are equal. */
const digestOf = ({ credentialKey }: CredentialServices, { name, password }: Credentials, version: number) =>
  createHmac('sha256', credentialKey).update(`${name}\0${version}\0`).update(password).digest('base64url')

/** Before the account is known: the outcome itself says which account and version it is of. */
export const proofKey = (services: CredentialServices, credentials: Credentials) =>
  `proof:${digestOf(services, credentials, 0)}`

/** @returns null when there is no outcome, or one of another account or version, or too old a one */
export function readProof(
  { settings }: CredentialServices,
  stored: string | null,
  account: Account | null,
  now: number,
): StoredProof | null {
  if (stored === null) return null
  const proof: StoredProof = JSON.parse(stored)
  const { accountId, credentialVersion } = ownerOf(account)
  const holds = proof.accountId === accountId && proof.credentialVersion === credentialVersion
  return holds && now < proof.provedAt + settings.auth.cache_max ? proof : null
}

/**
 * Shows whether the password is the user's. An unknown user costs what a known one costs.
 * @throws HashBusy, or whatever the hot state throws; the place for the guess has been given back then
 */
export async function prove(
  services: RecallServices,
  credentials: Credentials,
  facts: Facts,
  now: number,
): Promise<Proved> {
  const { account, proof, guesser } = facts
  if (proof) {
    const isDue = now > proof.writtenAt + services.settings.auth.cache_ttl * renewAfter
    const renewal = isDue ? [proofWrite(services, credentials, { ...proof, writtenAt: now })] : []
    const copy = facts.warm || !account ? [] : [accountWrite(services, account)]
    return {
      proof: conclusion(account, proof.right),
      guess: null,
      memories: [...copy, ...renewal],
      hashed: false,
    }
  }

  // Another one for the same password once the password was changed.
  const digest = digestOf(services, credentials, ownerOf(account).credentialVersion)
  if (!(await reserve(services, guesser, digest))) {
    return { proof: { reason: 'too_many_guesses' }, guess: null, memories: [], hashed: false }
  }
  const release = releaseOp(guesser, digest)
  const matches = await services.passwords
    .verify(credentials.password, facts.passwordHash ?? hashOfNobody(services, credentials))
    .catch(async error => {
      await services.hot.apply([release])
      throw error
    })
  const right = matches && account !== null
  const outcome = { ...ownerOf(account), right, provedAt: now, writtenAt: now }
  const memories = [proofWrite(services, credentials, outcome)]
  if (right) memories.push(release, accountWrite(services, account))
  return { proof: conclusion(account, right), guess: digest, memories, hashed: true }
}

/**
 * Makes a refusal of a right password cost what one of a wrong password costs: a hash the first time, none when the
 * same password comes again. Else its speed would tell that it is right.
 */
export async function hideRightPassword(
  services: CredentialServices,
  credentials: Credentials,
  hashed: boolean,
): Promise<void> {
  const key = `refused:${digestOf(services, credentials, 0)}`
  const [seen] = await services.hot.apply([
    { op: 'read', key },
    { op: 'write', key, value: 'seen', ttlMs: services.settings.auth.cache_ttl },
  ])
  if (seen === null && !hashed)
    await services.passwords.verify(credentials.password, hashOfNobody(services, credentials))
}

/**
 * A hash that no password is known for, another one for each name: comparisons with equal hashes share one computation,
 * and two unknown names that share one would be told from a known name by their speed.
 */
function hashOfNobody({ credentialKey }: CredentialServices, { name }: Credentials): string {
  const bytes = createHmac('sha256', credentialKey).update(`salt\0${name}`).digest('base64url')
  const salt = bytes.slice(0, 21).replaceAll('-', '.').replaceAll('_', '/')
  return nobodysHash.slice(0, 7) + salt + nobodysHash.slice(28)
}

function conclusion(account: Account | null, right: boolean): Verdict {
  if (!account) return { reason: 'unknown_user' }
  return right ? { account } : { reason: 'wrong_password' }
}

const ownerOf = (account: Account | null) => ({
  accountId: account?.id ?? null,
  credentialVersion: account?.credentialVersion ?? 0,
})

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
