/** Everything that a decision needs to know, gathered before it: one round trip to the hot state, and SQL when cold. */

import { versionKey as backendsVersionKey } from '../backend/directory.ts'
import { type BanList, bansVersionKey } from '../ban/list.ts'
import { networkOf, placeOf } from '../ban/rules.ts'
import { type Account, accountKey, readAccount, readCopy } from '../mailbox/account.ts'
import { rememberNetwork } from '../mailbox/familiar.ts'
import { type CredentialServices, proofKey, readProof, type StoredProof } from './credentials.ts'
import type { Guard } from './guard.ts'
import { type Guesser, type GuessingServices, guardOps, readGuard } from './guessing.ts'
import type { Credentials } from './rules.ts'

export interface RecallServices extends CredentialServices, GuessingServices {
  bans: BanList
}

export interface Facts {
  /** null = no such mailbox, or nothing that would need it. */
  account: Account | null
  /** Whether the hot state alone knew all of this. */
  warm: boolean
  /** null = warm, or there is no such mailbox. */
  passwordHash: string | null
  /** The outcome of an earlier comparison of this very password, if it still holds. */
  proof: StoredProof | null
  guard: Guard
  guesser: Guesser
  /** When the user last logged in from this network; null = never. */
  familiarSince: number | null
  backendsVersion: string | null
}

const familiarKey = (name: string, network: string | null) => `familiar:${name}\0${network}`

/** @param clientAddress as in the attempt; `unix:` and '' belong to no network */
export async function recall(
  services: RecallServices,
  credentials: Credentials,
  clientAddress: string,
  now: number,
): Promise<Facts> {
  const { name } = credentials
  const network = networkOf(clientAddress)
  const [copy, storedProof, familiarMark, bansVersion, backendsVersion, ...guardAnswers] =
    await services.hot.apply([
      { op: 'read', key: accountKey(name) },
      { op: 'read', key: proofKey(services, credentials) },
      { op: 'read', key: familiarKey(name, network) },
      { op: 'read', key: bansVersionKey },
      { op: 'read', key: backendsVersionKey },
      ...guardOps(name, network),
    ])
  const standing = await services.bans.standingOf(clientAddress, bansVersion)
  const state = readGuard(guardAnswers, services.settings)

  let account = readCopy(copy)
  let passwordHash: string | null = null
  let familiarSince = account ? readMark(familiarMark, account) : null
  let proof = readProof(services, storedProof, account, now)
  const warm = proof !== null && account !== null && (familiarSince !== null || network === null)
  // A banned flood must stay cheap, and that ban holds whoever it is.
  if (!warm && standing.ban?.event_type !== 'manual') {
    const known = await readAccount(services.db, name, network)
    account = known?.account ?? null
    passwordHash = known?.passwordHash ?? null
    familiarSince = known?.familiarSince ?? null
    proof = readProof(services, storedProof, account, now)
  }

  const { familiar_for, user_total } = services.settings.guessing
  const familiar = network !== null && familiarSince !== null && now < familiarSince + familiar_for
  return {
    account,
    warm,
    passwordHash,
    proof,
    familiarSince,
    backendsVersion,
    guard: { ...state, standing, familiar, guesses: account?.guesses ?? 0, mostGuesses: user_total },
    guesser: {
      name,
      accountId: account?.id ?? null,
      network,
      place: placeOf(clientAddress),
      familiar,
      shared: standing.shared || standing.allowed,
    },
  }
}

/**
 * The guard after a hash: a ban that was made while many passwords waited for theirs holds for the right one among
 * them, too.
 */
export async function guardAgain(
  { hot, bans }: Pick<RecallServices, 'hot' | 'bans'>,
  { guard }: Facts,
  clientAddress: string,
): Promise<Guard> {
  if (guard.familiar) return guard
  const [version] = await hot.apply([{ op: 'read', key: bansVersionKey }])
  return { ...guard, standing: await bans.standingOf(clientAddress, version) }
}

/** A mark of another account under the same name says nothing. */
function readMark(mark: string | null, account: Account): number | null {
  const [accountId, at] = mark?.split(' ') ?? []
  return accountId === account.id ? Number(at) : null
}

/** The database knows it for longer. */
const markMs = 24 * 3_600_000
/** The last success from a network is written at most so often, and in time before it would be forgotten. */
const writeAgainMs = 3_600_000

/**
 * Remembers the network that a login has just succeeded from, where that is news. A success from an unfamiliar network
 * also ends the long count of strangers' guesses.
 */
export async function rememberSuccess(
  { db, hot, settings }: Pick<RecallServices, 'db' | 'hot' | 'settings'>,
  account: Account,
  { guesser: { network, familiar }, familiarSince, warm }: Facts,
  now: number,
): Promise<void> {
  if (network === null) return
  const againMs = Math.min(writeAgainMs, settings.guessing.familiar_for / 2)
  const isRecent = familiar && familiarSince !== null && now < familiarSince + againMs
  if (isRecent && warm) return
  if (!isRecent) await rememberNetwork(db, account.id, network, now, familiar)
  const value = `${account.id} ${isRecent ? familiarSince : now}`
  await hot.apply([{ op: 'write', key: familiarKey(account.name, network), value, ttlMs: markMs }])
}
