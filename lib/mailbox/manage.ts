/** What people do with mailbox accounts. Every change is effective at the next login on every node. */
import type { Transaction } from 'kysely'
import { isDuplicate } from '../database/dialect.ts'
import type { Database, Tables, User } from '../database/schema.ts'
import { takeVersion } from '../database/version.ts'
import type { HotState } from '../hot-state/port.ts'
import { newId } from '../id.ts'
import { parseInput } from '../input.ts'
import type { Notices } from '../notify/notices.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { forget } from './forget.ts'
import {
  describeMailbox,
  type Enrolled,
  joinProtocols,
  type Mailbox,
  mailboxChanges,
  newMailbox,
  toMailbox,
} from './mailbox.ts'
import { canonicalName, domainOf } from './name.ts'
import { type Passwords, parseNewPassword, refuseUnsendable } from './passwords.ts'
import { listColumns } from './search-text.ts'
import { type EnrolmentServices, makeTotp } from './totp-secret.ts'

export interface MailboxServices extends EnrolmentServices, RecordServices {
  hot: HotState
  passwords: Pick<Passwords, 'hash'>
  notices: Pick<Notices, 'add'>
  settings: EnrolmentServices['settings'] & { auth: { default_domain: string; cache_ttl: number } }
}

/**
 * @param input see `newMailbox`
 * @throws Refusal for a bad field or a name that is taken; then nothing has been done
 */
export async function addMailbox(services: MailboxServices, input: unknown): Promise<Mailbox | Enrolled> {
  const wanted = parseInput(newMailbox, input)
  const name = parseName(services, wanted.name)
  const password = parseNewPassword(wanted.password)
  if (wanted.totp) refuseUnsendable(password)
  const passwordHash = await services.passwords.hash(password)
  const now = services.clock()
  const id = newId()
  const totp = wanted.totp ? makeTotp(services, id, name) : null
  const user = await recorded(services, 'user add', async trx => {
    const version = await takeVersion(trx, 'mailbox_version')
    const row: User = {
      id,
      name,
      login: wanted.name,
      domain: domainOf(name),
      password_hash: passwordHash,
      owner: wanted.owner,
      enabled: 1,
      protocols: joinProtocols(wanted.protocols),
      pool: wanted.pool,
      version,
      credential_version: version,
      totp_secret: totp?.sealed ?? null,
      totp_confirmed: wanted.totp ? 1 : 0,
      totp_last_step: 0,
      guesses: 0,
      created_at: now,
      updated_at: now,
    }
    try {
      await trx
        .insertInto('users')
        .values({ ...row, ...listColumns(row) })
        .execute()
    } catch (error) {
      if (isDuplicate(error)) throw new Refusal('conflict', 'name', `there is already a mailbox ${name}`)
      throw error
    }
    return { target: name, before: null, after: describeMailbox(row), result: row }
  })
  if (totp) services.notices.add({ kind: 'totp_enrolled', user: name, address: '', network: '', event: '' })
  return { ...toMailbox(user), ...(totp && { otpauth: totp.otpauth }) }
}

/** @throws Refusal if there is none */
export async function showMailbox(services: MailboxServices, name: string): Promise<Mailbox> {
  return toMailbox(await findUser(services.db, parseName(services, name)))
}

/**
 * Changes owner, protocols, pool, or whether it is enabled; who has a cached proof keeps it unless that was changed.
 * @throws Refusal `conflict` when it has another version than the one that was sent along
 */
export async function setMailbox(services: MailboxServices, name: string, input: unknown): Promise<Mailbox> {
  const { protocols, enabled, version, ...rest } = parseInput(mailboxChanges, input)
  return change(services, { action: 'user set', name, version }, (credential_version, before) => ({
    ...rest,
    ...(protocols && { protocols: joinProtocols(protocols) }),
    ...(enabled !== undefined &&
      enabled !== (before.enabled === 1) && { enabled: enabled ? 1 : 0, credential_version }),
  }))
}

/**
 * The old password is refused at the next login, also where it was cached.
 * @param version as in `setMailbox`
 */
export async function setPassword(
  services: MailboxServices,
  name: string,
  password: string,
  version?: number,
): Promise<Mailbox> {
  const parsed = parseNewPassword(password)
  const password_hash = await services.passwords.hash(parsed)
  return change(
    services,
    { action: 'user set-password', name, version },
    (credential_version, { totp_secret }) => {
      if (totp_secret !== null) refuseUnsendable(parsed)
      return { password_hash, credential_version }
    },
    async () => ({ password: 'changed' }),
  )
}

export async function setEnabled(
  services: MailboxServices,
  name: string,
  enabled: boolean,
): Promise<Mailbox> {
  const action = enabled ? 'user enable' : 'user disable'
  return change(services, { action, name }, credential_version => ({
    enabled: enabled ? 1 : 0,
    credential_version,
  }))
}

/** Ends the long count of strangers' guesses. The short locks and counts are the caller's to lift. */
export async function clearGuesses(services: MailboxServices, name: string): Promise<Mailbox> {
  return change(services, { action: 'user unlock', name }, () => ({ guesses: 0 }))
}

/** Deletes the account with its grants and networks; its auth log stays. @throws Refusal if there is none */
export async function deleteMailbox(services: MailboxServices, name: string): Promise<void> {
  const canonical = parseName(services, name)
  const version = await recorded(services, 'user delete', async trx => {
    const version = await takeVersion(trx, 'mailbox_version')
    const before = await findUser(trx, canonical)
    await trx.deleteFrom('users').where('id', '=', before.id).execute()
    return { target: canonical, before: describeMailbox(before), after: null, result: version }
  })
  await forget(services, canonical, version)
}

/** Which mailbox a change is meant for, and what it is called in the operation log. */
export interface Meant {
  action: string
  name: string
  /** See `knownVersion`. */
  version?: number
}

/**
 * Reads the row, decides, writes it and notes it in the operation log, in one step; then every node forgets its copies.
 * @param changesAt what to change, at the row's new version; a Refusal that it throws leaves everything as it was
 * @param beside what else to write in that step, while the row is locked; as `changesAt` it may be called again.
 *   It answers what the operation log is to say besides.
 */
export async function change(
  services: MailboxServices,
  { action, name, version: known }: Meant,
  changesAt: (version: number, before: User) => Partial<User>,
  beside: (trx: Transaction<Tables>, before: User) => Promise<object> = async () => ({}),
): Promise<Mailbox> {
  const target = parseName(services, name)
  const user = await recorded(services, action, async trx => {
    const version = await takeVersion(trx, 'mailbox_version')
    const before = await findUser(trx, target)
    if (known !== undefined && known !== before.version) throw movedOn(target)
    const changes = { ...changesAt(version, before), version, updated_at: services.clock() }
    const result: User = { ...before, ...changes }
    await trx
      .updateTable('users')
      .set({ ...changes, ...listColumns(result) })
      .where('id', '=', before.id)
      .execute()
    const notes = await beside(trx, before)
    const after = { ...describeMailbox(result), ...notes }
    return { target, before: describeMailbox(before), after, result }
  })
  await forget(services, target, user.version)
  return toMailbox(user)
}

const movedOn = (name: string) =>
  new Refusal('conflict', 'version', `${name} has been changed meanwhile: read it again, then change it`)

async function findUser(db: Database, name: string): Promise<User> {
  const user = await db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst()
  if (!user) throw noSuchMailbox(name)
  return user
}

/** @throws Refusal when no mailbox can have that name */
export function parseName(
  { settings }: { settings: { auth: { default_domain: string } } },
  text: string,
): string {
  const name = canonicalName(text, settings.auth.default_domain)
  if (name !== null) return name
  throw new Refusal(
    'invalid',
    'name',
    'name must be 1 to 255 bytes such as joe@example.org, without blanks at an end and without hidden characters',
  )
}

const noSuchMailbox = (name: string) => new Refusal('not_found', 'name', `there is no mailbox ${name}`)
