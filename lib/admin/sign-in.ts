/**
 * Signing in. Whatever is wrong, the answer is the same and costs the same: one bcrypt at `adminCost`, also for a name
 * that nobody has, while locked, and for a password that cannot be one.
 */
import type { Logger } from 'pino'
import { z } from 'zod'
import { networkOf } from '../ban/rules.ts'
import type { AdminRow } from '../database/schema.ts'
import { newId } from '../id.ts'
import { parseInput, text } from '../input.ts'
import { findStep } from '../mailbox/codes.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import type { Sealer } from '../sealing.ts'
import type { Settings } from '../settings/definitions.ts'
import { adminTotpPlace } from './admin.ts'
import { type EnterServices, enter } from './enter.ts'
import {
  countFailure,
  type Guess,
  type GuessingServices,
  type Obstacle,
  type Standing,
  settleWrong,
  takePlace,
} from './guessing.ts'
import { type AdminPasswords, verifyAdminPassword } from './passwords.ts'
import type { Session } from './sessions.ts'
import { noteFailedSignIn, noteLock } from './sign-in-log.ts'

export interface SignInServices extends GuessingServices, EnterServices {
  passwords: AdminPasswords & Pick<Passwords, 'hash'>
  sealer: Sealer
  log: Pick<Logger, 'warn'>
  settings: Pick<Settings, 'admin' | 'guessing' | 'jwt'>
}

export const signInInput = z.strictObject({
  username: text(255),
  password: text(1_000),
  /** The 6 digits that the authenticator app shows. */
  totp_code: text(20).optional(),
})

export type SignedIn =
  | { session: Session; refresh_token: string }
  /** Refused. `require_totp`: whether policy asks for a code now, of whoever it may be. */
  | { session: null; require_totp: boolean }

export type FailureReason =
  | Obstacle
  | 'unknown_name'
  | 'disabled'
  | 'wrong_password'
  | 'code_missing'
  | 'wrong_code'
  | 'code_spent'
  | 'changed_meanwhile'

/** Those that count as a guess. The others had the right password, or were not looked at. */
const guesses = new Set<FailureReason>(['unknown_name', 'wrong_password', 'wrong_code'])

/**
 * @param input see `signInInput`
 * @param userAgent what signs in, in its own words
 * @throws Refusal for a bad field; HashBusy or what the stores throw when it cannot be decided now, and then nothing was
 *   counted
 */
export async function signIn(services: SignInServices, input: unknown, userAgent: string): Promise<SignedIn> {
  const { username, password, totp_code = '' } = parseInput(signInInput, input)
  const name = username.normalize('NFC').trim()
  const network = networkOf(services.actor.address)
  const known = await readKnown(services, name, network)
  const guess: Guess = {
    name,
    adminId: known?.id ?? null,
    network,
    familiar: known?.familiar ?? false,
    lockedUntil: known ? (known.familiar ? known.locked_here : known.locked_until) : null,
    digest: services.digest(`admin\0${name}\0${password}\0${totp_code}`),
    holder: newId(),
  }
  const standing = await takePlace(services, guess)
  try {
    const judged = await judge(services, standing, known, { name, password, totp_code })
    if (typeof judged === 'string') return await refuse(services, guess, standing, judged)
    const opened = await enter(services, known!, guess, {
      ...judged,
      password,
      userAgent,
      places: standing.places,
    })
    if (opened) return opened
    return await refuse(services, guess, standing, judged.step === null ? 'changed_meanwhile' : 'code_spent')
  } catch (error) {
    await services.hot.apply(standing.places)
    throw error
  }
}

interface Known extends AdminRow {
  familiar: boolean
  /** As `locked_until`, for this network. */
  locked_here: number | null
}

/** The administrator and what the network is to it, in one query. */
async function readKnown(
  { db, clock, settings }: SignInServices,
  name: string,
  network: string | null,
): Promise<Known | null> {
  const row = await db
    .selectFrom('admin')
    .leftJoin('admin_networks', join =>
      join.onRef('admin_networks.admin_id', '=', 'admin.id').on('network', '=', network ?? ''),
    )
    .selectAll('admin')
    .select(['last_success_at as familiar_since', 'admin_networks.locked_until as locked_here'])
    .where('username', '=', name)
    .executeTakeFirst()
  if (!row) return null
  const { familiar_since, ...known } = row
  const familiar = familiar_since !== null && familiar_since > clock() - settings.guessing.familiar_for
  return { ...known, familiar }
}

/** @returns why not; or the step of the code to be spent, null where none is needed */
async function judge(
  services: SignInServices,
  { obstacle, failures }: Standing,
  known: Known | null,
  { name, password, totp_code }: { name: string; password: string; totp_code: string },
): Promise<FailureReason | { step: number | null }> {
  const hash = known && obstacle === null ? known.password_hash : null
  const isRight = await verifyAdminPassword(services, name, password, hash, known?.familiar ?? false)
  if (obstacle !== null) return obstacle
  if (!known) return 'unknown_name'
  if (!isRight) return 'wrong_password'
  if (known.enabled === 0) return 'disabled'
  if (known.totp_confirmed === 0 || !asksForCode(services.settings, failures)) return { step: null }
  return judgeCode(services, known, totp_code)
}

const asksForCode = ({ admin }: Pick<Settings, 'admin'>, failures: number) =>
  admin.totp === 'always' || (admin.totp === 'after_failures' && failures >= admin.totp_count)

function judgeCode({ sealer, clock }: SignInServices, known: AdminRow, code: string) {
  if (code === '') return 'code_missing'
  const secret = sealer.open(known.totp_secret!, adminTotpPlace(known.id))
  const step = findStep(secret, code.replaceAll(' ', ''), clock(), -1)
  if (step === null) return 'wrong_code'
  return step > known.totp_last_step ? { step } : 'code_spent'
}

async function refuse(
  services: SignInServices,
  guess: Guess,
  { places }: Standing,
  reason: FailureReason,
): Promise<SignedIn> {
  const failures = await countFailure(services, guess)
  if (guesses.has(reason)) {
    const until = await settleWrong(services, guess)
    if (until !== null) await noteLock(services, guess, until)
  } else {
    await services.hot.apply(places)
  }
  await noteFailedSignIn(services, guess, reason)
  return { session: null, require_totp: asksForCode(services.settings, failures) }
}
