/**
 * One-time codes on the mail path. Mail clients have one field, so the code stands behind the password; and they send
 * what they have stored at every reconnect, so a string that was good once stays good in its network: a grant.
 */
import { createHmac, type KeyObject } from 'node:crypto'
import type { Database, GrantRow } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import { type Account, totpPlace } from '../mailbox/account.ts'
import { findStep } from '../mailbox/codes.ts'
import { findHere, mayRoam, roam, spendStep, touchGrant } from '../mailbox/grants.ts'
import { codeDigits, endsInCode, isLive, stepAt, withoutCode } from '../mailbox/rules.ts'
import { memoize } from '../memoize.ts'
import type { Sealer } from '../sealing.ts'
import type { Settings } from '../settings/definitions.ts'
import type { Code, Credentials } from './attempt.ts'
import { keptMs } from './proofs.ts'
import type { RefuseReason } from './reasons.ts'
import type { Facts } from './recall.ts'

export interface TotpServices {
  db: Database
  hot: HotState
  sealer: Sealer
  /** Keys of the digests of granted strings, the newest first; the others only find what they made. */
  grantKeys: KeyObject[]
  settings: Pick<Settings, 'auth' | 'totp'>
}

/** Codes so many steps old are still recognised as such, and so not taken for a part of the password. */
const oldestStep = -20
/** Looked at for users without codes: looking takes as long for everyone. */
const nobodysSecret = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** The digests of what was sent, under every key: one row of `grants` has one of them. */
export const grantDigests = (
  { grantKeys }: Pick<TotpServices, 'grantKeys'>,
  { name, password }: Credentials,
) => grantKeys.map(key => createHmac('sha256', key).update(`${name}\0`).update(password).digest('base64url'))

/** Hot-state key of the copy of a grant. @param digest of the string, as in `Facts` */
export const grantKey = (digest: string, network: string | null) => `grant:${network ?? ''}\0${digest}`

/** A copy holds for one version of the account: revoking a grant changes it. */
interface GrantCopy {
  version: number
  grant: GrantRow
  /** UTC milliseconds. */
  writtenAt: number
}

const parseGrantCopy = memoize((text): GrantCopy => JSON.parse(text))

/** @returns null when there is no copy, one of another version, or one of a grant that has ended */
export function readGrantCopy(
  { settings }: Pick<TotpServices, 'settings'>,
  stored: string | null,
  account: Account | null,
  now: number,
): Readonly<GrantCopy> | null {
  if (stored === null || !account?.totp) return null
  const copy = parseGrantCopy(stored)
  const holds = isLive(copy.grant, account.credentialVersion, now, settings.totp)
  return copy.version === account.version && holds ? copy : null
}

/** The live grant in this network, among all grants of a string. */
export const grantHere = (
  { settings }: Pick<TotpServices, 'settings'>,
  account: Account | null,
  strings: GrantRow[],
  network: string | null,
  now: number,
) => (account?.totp ? findHere(strings, { ...account, network: network ?? '' }, now, settings.totp) : null)

/** A string as it is to be looked at: which part is the password, and what stands behind it. */
interface Read {
  password: string
  code: Code | { reason: RefuseReason }
  /** Whether the string itself was good once: then its password was right, and needs no hash. */
  known: boolean
}

/**
 * The last six digits are a code only if they are one of the last steps; whatever else they are is a part of the
 * password, and then wrong.
 */
export function readCode(
  services: TotpServices,
  { password }: Credentials,
  facts: Pick<Facts, 'account' | 'warm' | 'totpSecret' | 'lastStep' | 'strings'>,
  now: number,
): Read {
  const { account, lastStep, strings } = facts
  const step = !facts.warm && endsInCode(password) ? findStepOf(services, facts, password, now) : null
  if (!account?.totp) return { password, code: { kind: 'none' }, known: false }
  const part = step === null ? password : withoutCode(password)
  const isFresh = step !== null && step > lastStep && step >= stepAt(now) - 1
  if (isFresh) return { password: part, code: { kind: 'fresh', step }, known: false }
  if (strings.length > 0)
    return { password: part, code: judgeKnown(services, account, strings, now), known: true }
  const reason = step === null ? 'code_missing' : step <= lastStep ? 'code_spent' : 'code_old'
  return { password: part, code: { reason }, known: false }
}

function judgeKnown(
  { settings }: TotpServices,
  { credentialVersion }: Account,
  strings: GrantRow[],
  now: number,
): Read['code'] {
  const origin = mayRoam(strings, credentialVersion, now, settings.totp)
  if (origin) return { kind: 'roaming', origin }
  const isLiveElsewhere = strings.some(grant => isLive(grant, credentialVersion, now, settings.totp))
  return { reason: isLiveElsewhere ? 'grant_elsewhere' : 'grant_ended' }
}

function findStepOf(
  { sealer }: TotpServices,
  { account, totpSecret }: Pick<Facts, 'account' | 'totpSecret'>,
  password: string,
  now: number,
): number | null {
  const secret =
    account && totpSecret !== null ? sealer.open(totpSecret, totpPlace(account.id)) : nobodysSecret
  return findStep(secret, password.slice(-codeDigits), now, oldestStep)
}

/**
 * Spends the code, or takes the string along to this network: the last step before a backend is chosen.
 * @returns the grant that the string has now, null where none is needed
 */
export async function enter(
  services: TotpServices,
  credentials: Credentials,
  { account, guesser }: Pick<Facts, 'account' | 'guesser'>,
  code: Code,
  now: number,
): Promise<{ grant: GrantRow | null } | { reason: RefuseReason }> {
  if (code.kind === 'none') return { grant: null }
  if (code.kind === 'granted') return { grant: code.grant }
  const { db, settings } = services
  const presented = {
    accountId: account!.id,
    credentialVersion: account!.credentialVersion,
    network: guesser.network ?? '',
  }
  if (code.kind === 'roaming') {
    const grant = await roam(db, { ...presented, digest: code.origin.digest }, now, settings.totp)
    return grant ? { grant } : { reason: 'grant_elsewhere' }
  }
  const [digest] = grantDigests(services, credentials)
  const grant = await spendStep(db, { ...presented, digest: digest! }, code.step, now, settings.totp)
  return grant ? { grant } : { reason: 'code_spent' }
}

/** The last use is written at most so often, and in time before it would matter. */
const writeAgainMs = 3_600_000

/** Remembers a grant that has just let somebody in, and keeps it from ending idle. */
export async function rememberGrant(
  services: TotpServices,
  facts: Pick<Facts, 'account' | 'digest' | 'guesser' | 'warm' | 'generation'>,
  grant: GrantRow,
  now: number,
): Promise<void> {
  const { db, hot, settings } = services
  const isDue = now >= grant.used_at + Math.min(writeAgainMs, settings.totp.grant_idle / 4)
  if (facts.warm && !isDue) return
  const used = isDue ? { ...grant, used_at: now } : grant
  if (isDue) await touchGrant(db, grant.id, now)
  const copy: GrantCopy = { version: facts.account!.version, grant: used, writtenAt: now }
  const key = grantKey(facts.digest, facts.guesser.network)
  const write = { op: 'write', key, value: JSON.stringify(copy), ttlMs: keptMs(services) } as const
  await hot.apply([write], facts.generation)
}
