/** Everything that a decision needs to know, gathered before it: one round trip to the hot state, and SQL when cold. */

import { versionKey as backendsVersionKey } from '../backend/directory.ts'
import { type AddressStanding, type BanList, bansVersionKey } from '../ban/list.ts'
import { networkOf, placeOf } from '../ban/rules.ts'
import { isAway } from '../database/dialect.ts'
import type { Database, GrantRow } from '../database/schema.ts'
import type { Added } from '../hot-state/port.ts'
import { type Account, accountKey, readAccount, readCopy } from '../mailbox/account.ts'
import { rememberNetwork } from '../mailbox/familiar.ts'
import { readGrants } from '../mailbox/grants.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import { endsInCode } from '../mailbox/rules.ts'
import { once } from '../once.ts'
import type { Settings } from '../settings/definitions.ts'
import type { Attempt, Code, Credentials } from './attempt.ts'
import type { Guard } from './guard.ts'
import {
  type Guesser,
  type GuessingServices,
  guardOps,
  isFull,
  type Place,
  placeOps,
  readGuard,
  releaseOps,
} from './guessing.ts'
import {
  digestOf,
  isFresh,
  type ProofServices,
  proofKey,
  readFreshProof,
  readProof,
  type StoredProof,
} from './proofs.ts'
import { grantDigests, grantHere, grantKey, readGrantCopy, type TotpServices } from './totp.ts'

export interface RecallServices extends ProofServices, TotpServices, GuessingServices {
  db: Database
  passwords: Passwords
  bans: BanList
  settings: Settings
}

export interface Facts {
  /** null = no such mailbox, or nothing that would need it. */
  account: Account | null
  /** Whether the hot state alone knew all of this. */
  warm: boolean
  /** null = warm, or there is no such mailbox. */
  passwordHash: string | null
  /** Digest of what was sent, for the hot state. */
  digest: string
  /** The outcome of an earlier comparison of all of what was sent, if it still holds. */
  proof: StoredProof | null
  /** Why what was sent is good here without another look: it has been before. */
  grant: GrantRow | null
  /** Every grant that what was sent ever had. */
  strings: GrantRow[]
  /** Sealed; null = warm, or no codes. */
  totpSecret: string | null
  /** The last TOTP step that was spent; 0 = warm, or none. */
  lastStep: number
  /** Taken for what was sent. */
  place: Place
  guard: Guard
  guesser: Guesser
  /** When the user last logged in from this network; null = never. */
  familiarSince: number | null
  backendsVersion: string
  /** Of the hot state before anything was read: copies of what is known here belong to it. */
  generation: number
}

const familiarKey = (name: string, network: string | null) => `familiar:${name}\0${network ?? ''}`

/** What is read at every login of this user from this network, written as `name NUL network`. */
const steadyReads = once(whoAndWhere => {
  const [name = '', network = ''] = whoAndWhere.split('\0')
  return [
    { op: 'read', key: accountKey(name) },
    { op: 'read', key: familiarKey(name, network) },
    { op: 'read', key: bansVersionKey },
    { op: 'read', key: backendsVersionKey },
    ...guardOps(name, network === '' ? null : network),
  ] as const
})

/**
 * Takes a place for the password, see `placeOps`: whoever calls gives it back, with `releaseOps`.
 */
export async function recall(
  services: RecallServices,
  credentials: Credentials,
  { id, clientAddress, receivedAt: now }: Pick<Attempt, 'id' | 'clientAddress' | 'receivedAt'>,
): Promise<Facts> {
  const { name, password } = credentials
  const generation = services.hot.generation()
  const network = networkOf(clientAddress)
  const digest = digestOf(services, name, password, 0)
  const banned = services.bans.seemsBanned(clientAddress)
  const [proofAt, grantAt] = [proofKey(digest), grantKey(digest, network)]
  const [
    amongStrangers,
    here,
    storedProof,
    storedGrant,
    copy,
    mark,
    bansVersion,
    backendsVersion,
    ...guardAnswers
  ] = await services.hot.apply([
    ...placeOps(services.settings, name, network, { digest, holder: id }, [proofAt, grantAt], banned),
    { op: 'read', key: proofAt },
    { op: 'read', key: grantAt },
    ...steadyReads(`${name}\0${network ?? ''}`),
  ])
  // The ban may just have been lifted; then a place is taken where there is need of one.
  const strangers: Added = banned ? { count: amongStrangers.count, outcome: 'skipped' } : amongStrangers
  const remembered = { copy, storedProof, storedGrant, mark }
  try {
    const standing = await services.bans.standingOf(clientAddress, `${generation} ${bansVersion}`)
    const known = await recallAccount(services, credentials, network, remembered, standing, now)
    const { account, familiarSince } = known
    const { familiar_for, user_total } = services.settings.guessing
    const familiar = network !== null && familiarSince !== null && now < familiarSince + familiar_for
    const place = familiar
      ? { digest, holder: id, own: here, other: strangers }
      : { digest, holder: id, own: strangers, other: here }
    return {
      ...known,
      digest,
      // In another generation versions begin anew.
      backendsVersion: `${generation} ${backendsVersion}`,
      generation,
      place,
      guard: {
        ...readGuard(guardAnswers, services.settings),
        standing,
        familiar,
        full: isFull(place, services.settings),
        guesses: account?.guesses ?? 0,
        mostGuesses: user_total,
      },
      guesser: {
        name,
        accountId: account?.id ?? null,
        network,
        place: placeOf(clientAddress),
        familiar,
        shared: standing.shared || standing.allowed,
      },
    }
  } catch (error) {
    const place = { digest, holder: id, own: strangers, other: here }
    await services.hot.apply(releaseOps({ name, network, familiar: false }, place, true))
    throw error
  }
}

/** What is known of the account and of the string: from the hot state where that knows all of it, else from SQL. */
async function recallAccount(
  services: RecallServices,
  credentials: Credentials,
  network: string | null,
  {
    copy,
    storedProof,
    storedGrant,
    mark,
  }: Record<'copy' | 'storedProof' | 'storedGrant' | 'mark', string | null>,
  standing: AddressStanding,
  now: number,
) {
  const accountCopy = readCopy(copy)
  const account = accountCopy?.account ?? null
  const grantCopy = readGrantCopy(services, storedGrant, account, now)
  const remembered = {
    account,
    warm: true,
    passwordHash: null,
    totpSecret: null,
    lastStep: 0,
    proof: readProof(services, storedProof, account, now),
    grant: grantCopy?.grant ?? null,
    strings: [],
    familiarSince: account ? readMark(mark, account) : null,
  }
  const { proof, grant, familiarSince } = remembered
  // What is wrong and looks like one with a code may have been good once: SQL knows.
  const isKnown = proof !== null && (proof.right || !endsInCode(credentials.password))
  const isProven = account !== null && (account.totp ? grant !== null : isKnown)
  const shownAt = account?.totp ? grantCopy?.writtenAt : proof?.writtenAt
  const isFreshly = (at: number | undefined) => at !== undefined && isFresh(services, at, now)
  const isCurrent = isProven && isFreshly(accountCopy?.readAt) && isFreshly(shownAt)
  if (isCurrent && (familiarSince !== null || network === null)) return remembered
  // A banned flood must stay cheap, and that ban holds whoever it is.
  if (standing.ban?.event_type === 'manual') return { ...remembered, warm: false }

  try {
    return await readFromSql(services, credentials, network, storedProof, now)
  } catch (error) {
    // While nobody can be asked, what is no longer fresh is believed: for as long as it is kept.
    if (isProven && isAway(error)) return remembered
    throw error
  }
}

async function readFromSql(
  services: RecallServices,
  credentials: Credentials,
  network: string | null,
  storedProof: string | null,
  now: number,
) {
  const known = await readAccount(services.db, credentials.name, network)
  const account = known?.account ?? null
  // For everyone whose password looks like one with a code: time does not tell who has codes.
  const strings = endsInCode(credentials.password)
    ? await readGrants(services.db, account?.id ?? null, grantDigests(services, credentials))
    : []
  return {
    account,
    warm: false,
    passwordHash: known?.passwordHash ?? null,
    totpSecret: known?.totpSecret ?? null,
    lastStep: known?.lastStep ?? 0,
    proof: readFreshProof(services, storedProof, account, now),
    grant: grantHere(services, account, strings, network, now),
    strings,
    familiarSince: known?.familiarSince ?? null,
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
  const generation = hot.generation()
  const [version] = await hot.apply([{ op: 'read', key: bansVersionKey }])
  return { ...guard, standing: await bans.standingOf(clientAddress, `${generation} ${version}`) }
}

const parseMark = once(mark => {
  const [accountId, at] = mark.split(' ')
  return { accountId, at: Number(at) }
})

/** A mark of another account under the same name says nothing. */
function readMark(mark: string | null, account: Account): number | null {
  const { accountId, at } = parseMark(mark ?? '')
  return accountId === account.id ? at : null
}

/** The database knows it for longer. */
const markMs = 24 * 3_600_000
/** The last success from a network is written at most so often, and in time before it would be forgotten. */
const writeAgainMs = 3_600_000

/**
 * Remembers the network that a login has just succeeded from, where that is news. A success from an unfamiliar network
 * also ends the long count of strangers' guesses, unless it was only an old string that came along there.
 */
export async function rememberSuccess(
  { db, hot, settings }: Pick<RecallServices, 'db' | 'hot' | 'settings'>,
  account: Account,
  code: Code,
  { guesser: { network, familiar }, familiarSince, warm, generation }: Facts,
  now: number,
): Promise<void> {
  if (network === null) return
  const againMs = Math.min(writeAgainMs, settings.guessing.familiar_for / 2)
  const isRecent = familiar && familiarSince !== null && now < familiarSince + againMs
  if (isRecent && warm) return
  const endsCount = !familiar && (code.kind === 'none' || code.kind === 'fresh')
  if (!isRecent) await rememberNetwork(db, account.id, network, now, endsCount)
  const value = `${account.id} ${isRecent ? familiarSince : now}`
  const key = familiarKey(account.name, network)
  await hot.apply([{ op: 'write', key, value, ttlMs: markMs }], generation)
}
