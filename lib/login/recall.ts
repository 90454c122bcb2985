/** Everything that a decision needs to know, gathered before it: one round trip to the hot state, and SQL when cold. */

import { versionKey as backendsVersionKey } from '../backend/directory.ts'
import { type BanList, bansVersionKey } from '../ban/list.ts'
import { networkOf, placeOf } from '../ban/rules.ts'
import type { Database, GrantRow } from '../database/schema.ts'
import type { Added } from '../hot-state/port.ts'
import { type LiveSettings, settingsVersionKey } from '../live-settings/live.ts'
import { type Account, accountKey } from '../mailbox/account.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import { memoize } from '../memoize.ts'
import type { Settings } from '../settings/definitions.ts'
import type { Attempt, Credentials } from './attempt.ts'
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
import { familiarKey } from './marks.ts'
import { digestOf, type ProofServices, proofKey, type StoredProof } from './proofs.ts'
import { recallAccount } from './recall-account.ts'
import { grantKey, type TotpServices } from './totp.ts'

export interface RecallServices extends ProofServices, TotpServices, GuessingServices {
  db: Database
  passwords: Passwords
  bans: BanList
  settings: Settings
  liveSettings: Pick<LiveSettings, 'follow' | 'revision'>
}

/** Settings were changed after this attempt had begun: it begins again with them. */
export class SettingsChanged extends Error {
  override name = 'SettingsChanged'
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

/** What is read at every login of this user from this network, written as `name NUL network`. */
const steadyReads = memoize(whoAndWhere => {
  const [name = '', network = ''] = whoAndWhere.split('\0')
  return [
    { op: 'read', key: accountKey(name) },
    { op: 'read', key: familiarKey(name, network) },
    { op: 'read', key: bansVersionKey },
    { op: 'read', key: settingsVersionKey },
    { op: 'read', key: backendsVersionKey },
    ...guardOps(name, network === '' ? null : network),
  ] as const
})

/**
 * Takes a place for the password, see `placeOps`: whoever calls gives it back, with `releaseOps`.
 * @throws SettingsChanged when what was taken from the settings before does not hold any more
 */
export async function recall(
  services: RecallServices,
  credentials: Credentials,
  { id, clientAddress, receivedAt: now }: Pick<Attempt, 'id' | 'clientAddress' | 'receivedAt'>,
): Promise<Facts> {
  const { name, password } = credentials
  const generation = services.hot.generation()
  const revision = services.liveSettings.revision()
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
    settingsVersion,
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
    await services.liveSettings.follow(settingsVersion, generation)
    if (services.liveSettings.revision() !== revision) throw new SettingsChanged()
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
