/** What is remembered of comparisons, so that the same password needs no hash the next time. */
import type { Digest } from '../digest.ts'
import type { Op } from '../hot-state/port.ts'
import { type Account, accountKey, writeCopy } from '../mailbox/account.ts'
import { memoize } from '../memoize.ts'
import type { Settings } from '../settings/definitions.ts'

export interface ProofServices {
  /** Makes the digests under which outcomes are kept. */
  digest: Digest
  settings: Pick<Settings, 'auth'>
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

/** An outcome in use is written again after this part of its life, so that most logins write nothing. */
const renewAfter = 0.25

/**
 * A keyed digest: who reads the hot state learns neither the password nor whether two are equal.
 * @param version 0 before the account is known; then the outcome itself says which account and version it is of
 */
export const digestOf = (
  { digest }: Pick<ProofServices, 'digest'>,
  name: string,
  password: string,
  version: number,
) => digest(`${name}\0${version}\0${password}`)

export const proofKey = (digest: string) => `proof:${digest}`

const parseProof = memoize((text): StoredProof => JSON.parse(text))

/**
 * What is written at a time in the hot state counts for `auth.cache_ttl`, and is kept for `auth.stale_ttl` more, for when
 * the database is away. What a clock that was set has dated otherwise does not count either.
 */
export const isFresh = ({ settings }: Pick<ProofServices, 'settings'>, at: number, now: number) =>
  Math.abs(now - at) < settings.auth.cache_ttl

/** How long it is kept. */
export const keptMs = ({ settings }: Pick<ProofServices, 'settings'>) =>
  settings.auth.cache_ttl + settings.auth.stale_ttl

/** @returns null when there is no outcome, or one of another account or version, or too old a one; see `isFresh` */
export function readProof(
  { settings }: ProofServices,
  stored: string | null,
  account: Account | null,
  now: number,
): StoredProof | null {
  if (stored === null) return null
  const proof = parseProof(stored)
  const { accountId, credentialVersion } = ownerOf(account)
  const holds = proof.accountId === accountId && proof.credentialVersion === credentialVersion
  return holds && now < proof.provedAt + settings.auth.cache_max ? proof : null
}

/** The same, as long as it counts. */
export function readFreshProof(
  services: ProofServices,
  stored: string | null,
  account: Account | null,
  now: number,
): StoredProof | null {
  const proof = readProof(services, stored, account, now)
  return proof !== null && isFresh(services, proof.writtenAt, now) ? proof : null
}

export const ownerOf = (account: Account | null) => ({
  accountId: account?.id ?? null,
  credentialVersion: account?.credentialVersion ?? 0,
})

/** Never over a newer copy or its tombstone: a slow login must not bring back what has been changed meanwhile. */
export const accountWrite = (services: ProofServices, account: Account, readAt: number): Op => ({
  op: 'write',
  key: accountKey(account.name),
  value: writeCopy({ account, readAt }),
  ttlMs: keptMs(services),
  version: account.version,
})

export const proofWrite = (services: ProofServices, digest: string, proof: StoredProof): Op => {
  const { cache_max } = services.settings.auth
  return {
    op: 'write',
    key: proofKey(digest),
    value: JSON.stringify(proof),
    ttlMs: Math.min(keptMs(services), proof.provedAt + cache_max - proof.writtenAt),
  }
}

/** The outcome once more, when it is time: use renews it. */
export const renewal = (services: ProofServices, digest: string, proof: StoredProof, now: number): Op[] =>
  now > proof.writtenAt + services.settings.auth.cache_ttl * renewAfter
    ? [proofWrite(services, digest, { ...proof, writtenAt: now })]
    : []
