/** The original's users, with plain passwords, as mailboxes. */
import { randomBytes } from 'node:crypto'
import { Secret } from 'otpauth'
import { z } from 'zod'
import type { Database, User } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { takeVersion } from '../database/version.ts'
import { totpPlace } from '../mailbox/account.ts'
import { canonicalName, domainOf } from '../mailbox/name.ts'
import { parseNewPassword } from '../mailbox/passwords.ts'
import { protocols } from '../mailbox/protocols.ts'
import { isUnsendable, maxPasswordBytes } from '../mailbox/rules.ts'
import { listColumns } from '../mailbox/search-text.ts'
import { sealPassword } from '../mailbox/stored-password.ts'
import { noticeSealed } from '../mailbox/upgrade.ts'
import { Refusal } from '../refusal.ts'
import type { Sealer } from '../sealing.ts'
import { cut, flag, id, parseRows, skip, stableId, text, time } from './fields.ts'
import type { Outcome } from './outcome.ts'

export interface UserServices {
  db: Database
  sealer: Sealer
  clock: () => number
  settings: { auth: { default_domain: string } }
}

const originalUser = z.object({
  id,
  username: text,
  password: text,
  owner: text,
  totp_secret: text,
  totp_enabled: flag,
  created_at: time,
  updated_at: time,
})
type OriginalUser = z.output<typeof originalUser>

type NewUser = Omit<User, 'version' | 'credential_version'>

/**
 * Takes those that are not here yet, by their id or their name; whoever is here stays as he is. Passwords are sealed
 * digests when this resolves, and become bcrypt later (lib/mailbox/upgrade.ts).
 * @param rows a page of the original's table; of two rows with one name in it the first is taken
 */
export async function takeUsers(
  services: UserServices,
  rows: readonly unknown[],
  dryRun: boolean,
): Promise<Outcome[]> {
  const { parsed, failed } = parseRows(originalUser, rows)
  const outcomes: Outcome[] = [...failed]
  const wanted = new Map<string, { user: NewUser; outcome: Outcome }>()
  for (const row of parsed) {
    const taken = toMailbox(services, row)
    outcomes.push(taken.outcome)
    const { name } = taken.outcome
    if (!('user' in taken) || name === undefined) continue
    if (wanted.has(name)) taken.outcome.kind = 'here'
    else wanted.set(name, taken)
  }
  const found = [...wanted.values()]
  if (found.length === 0) return outcomes
  await inTransaction(services.db, async trx => {
    const known = await trx
      .selectFrom('users')
      .select(['id', 'name'])
      .where(eb =>
        eb.or([
          eb(
            'id',
            'in',
            found.map(({ user }) => user.id),
          ),
          eb('name', 'in', [...wanted.keys()]),
        ]),
      )
      .execute()
    const here = new Set(known.flatMap(user => [user.id, user.name]))
    for (const { user, outcome } of found) {
      if (!here.has(user.id) && !here.has(user.name)) continue
      outcome.kind = 'here'
      outcome.notes = undefined
    }
    const users = found.filter(({ outcome }) => outcome.kind === 'taken').map(({ user }) => user)
    if (dryRun || users.length === 0) return
    const version = await takeVersion(trx, 'mailbox_version')
    await trx
      .insertInto('users')
      .values(
        users
          .map(user => ({ ...user, version, credential_version: version }))
          .map(user => ({ ...user, ...listColumns(user) })),
      )
      .execute()
    await noticeSealed(trx, services.clock())
  })
  return outcomes
}

function toMailbox(
  { sealer, clock, settings }: UserServices,
  row: OriginalUser,
): { outcome: Outcome; user: NewUser } | { outcome: Outcome } {
  const about = cut(row.username, 80)
  const name = canonicalName(row.username, settings.auth.default_domain)
  if (name === null) return { outcome: { ...skip(row.id, 'no mailbox can have this name'), about } }
  if (Buffer.byteLength(row.username) > 255) {
    return { outcome: { ...skip(row.id, 'the name has more than 255 bytes'), about } }
  }
  const now = clock()
  const accountId = stableId(row.created_at ?? 0, 'users', row.id, row.username)
  const password = readPassword(row)
  const code = readSecret(row)
  const hindrances = [password.hindrance, code.hindrance].filter(why => why !== null)
  const notes = [...hindrances, ...password.notes, ...code.notes]
  if ([...row.owner].length > 255) notes.push('the owner was cut to 255 characters')
  return {
    outcome: { row: row.id, kind: 'taken', about, name, ...(notes.length > 0 && { notes }) },
    user: {
      id: accountId,
      name,
      login: row.username,
      domain: domainOf(name),
      password_hash: sealPassword(sealer, accountId, password.text),
      owner: cut(row.owner.normalize('NFC'), 255),
      enabled: hindrances.length > 0 ? 0 : 1,
      protocols: protocols.join(','),
      pool: null,
      totp_secret: code.secret === null ? null : sealer.seal(code.secret, totpPlace(accountId)),
      totp_confirmed: code.secret !== null && row.totp_enabled ? 1 : 0,
      totp_last_step: 0,
      guesses: 0,
      created_at: row.created_at ?? now,
      updated_at: row.updated_at ?? row.created_at ?? now,
    },
  }
}

/** A mailbox that nobody can log in to stays one that an administrator sees: disabled, until it has what it lacks. */
const disabled = 'is disabled'
const untilPassword = `${disabled}: user set-password, then user enable`
const untilCodes = `${disabled}: user totp enable, user totp confirm, then user enable`

/** @returns the password in NFC; where there is no usable one, one that nobody knows, and why */
function readPassword({ password, totp_enabled }: OriginalUser) {
  const composed = password.normalize('NFC')
  const unusable = (why: string) => ({
    text: randomBytes(32).toString('base64url'),
    hindrance: `${why}; the mailbox ${untilPassword}`,
    notes: [],
  })
  if (composed === '') return unusable('the password is empty')
  if (Buffer.byteLength(composed) > maxPasswordBytes) {
    return unusable(`the password has more than ${maxPasswordBytes} bytes`)
  }
  if (/[\x00-\x1f\x7f]/.test(composed)) return unusable('the password has control characters')
  if (totp_enabled && isUnsendable(composed)) {
    return unusable('the password begins or ends with a space, which nginx cannot carry together with codes')
  }
  return { text: composed, hindrance: null, notes: isWeak(composed) ? [weak] : [] }
}

const weak = 'the password works, but could not be set here today: too short, or one of the most common'

function isWeak(password: string): boolean {
  try {
    parseNewPassword(password)
    return false
  } catch (error) {
    if (error instanceof Refusal) return true
    throw error
  }
}

/** RFC 4226, section 4, R6. */
const leastSecretBytes = 16
/** What the column takes when it is sealed. */
const mostSecretBytes = 64

/** @returns the secret in Base32, null = none that can be used */
function readSecret({ totp_secret, totp_enabled }: OriginalUser) {
  const secret = totp_secret.toUpperCase().replace(/[\s=-]/g, '')
  const unusable = (why: string) =>
    totp_enabled
      ? { secret: null, hindrance: `${why}; the mailbox ${untilCodes}`, notes: [] }
      : { secret: null, hindrance: null, notes: [`${why}; it was not in use, and is not taken over`] }
  if (secret === '') {
    return totp_enabled
      ? unusable('codes are asked for, but there is no TOTP secret')
      : { secret: null, hindrance: null, notes: [] }
  }
  if (!/^[A-Z2-7]+$/.test(secret)) return unusable('the TOTP secret is not Base32')
  const bytes = Secret.fromBase32(secret).bytes.length
  if (bytes < leastSecretBytes) return unusable(`the TOTP secret has less than ${leastSecretBytes * 8} bits`)
  if (bytes > mostSecretBytes) return unusable(`the TOTP secret has more than ${mostSecretBytes * 8} bits`)
  return { secret, hindrance: null, notes: [] }
}
