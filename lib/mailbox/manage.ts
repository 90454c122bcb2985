/** What people do with mailbox accounts. Every change is effective at the next login on every node. */
import { sql, type Transaction } from 'kysely'
import { isDuplicate } from '../database/dialect.ts'
import type { Database, Tables, User } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { takeVersion } from '../database/version.ts'
import type { HotState } from '../hot-state/port.ts'
import { newId } from '../id.ts'
import { parseInput } from '../input.ts'
import { Refusal } from '../refusal.ts'
import { forget } from './forget.ts'
import {
  type Enrolled,
  joinProtocols,
  listQuery,
  type Mailbox,
  mailboxChanges,
  newMailbox,
  toMailbox,
} from './mailbox.ts'
import { canonicalName, domainOf } from './name.ts'
import { type Passwords, parseNewPassword, refuseUnsendable } from './passwords.ts'
import { type EnrolmentServices, makeTotp } from './totp-secret.ts'

export interface MailboxServices extends EnrolmentServices {
  db: Database
  hot: HotState
  passwords: Pick<Passwords, 'hash'>
  clock: () => number
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
  const user = await inTransaction(services.db, async trx => {
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
      await trx.insertInto('users').values(row).execute()
    } catch (error) {
      if (isDuplicate(error)) throw new Refusal('conflict', 'name', `there is already a mailbox ${name}`)
      throw error
    }
    return row
  })
  return { ...toMailbox(user), ...(totp && { otpauth: totp.otpauth }) }
}

/** Mailboxes whose name or owner contains `search`, by name, those after the name `after`. */
export async function listMailboxes({ db }: Pick<MailboxServices, 'db'>, input: unknown): Promise<Mailbox[]> {
  const { search, after, limit } = parseInput(listQuery, input)
  const typed = `%${search.normalize('NFC').replace(/[!%_]/g, '!$&')}%`
  const lowered = typed.toLowerCase()
  const users = await db
    .selectFrom('users')
    .selectAll()
    .where('name', '>', after)
    .$if(search !== '', query =>
      query.where(
        // SQLite lowers ASCII only: an owner in other capitals is found as it is written.
        sql<boolean>`(name like ${lowered} escape '!' or lower(owner) like ${lowered} escape '!'
          or owner like ${typed} escape '!' or login like ${typed} escape '!')`,
      ),
    )
    .orderBy('name')
    .limit(limit)
    .execute()
  return users.map(toMailbox)
}

/** @throws Refusal if there is none */
export async function showMailbox(services: MailboxServices, name: string): Promise<Mailbox> {
  return toMailbox(await findUser(services.db, parseName(services, name)))
}

/** Changes owner, protocols or pool; whoever has a cached proof keeps it. */
export async function setMailbox(services: MailboxServices, name: string, input: unknown): Promise<Mailbox> {
  const { protocols, ...rest } = parseInput(mailboxChanges, input)
  return change(services, name, () => ({
    ...rest,
    ...(protocols && { protocols: joinProtocols(protocols) }),
  }))
}

/** The old password is refused at the next login, also where it was cached. */
export async function setPassword(
  services: MailboxServices,
  name: string,
  password: string,
): Promise<Mailbox> {
  const parsed = parseNewPassword(password)
  const password_hash = await services.passwords.hash(parsed)
  return change(services, name, (credential_version, { totp_secret }) => {
    if (totp_secret !== null) refuseUnsendable(parsed)
    return { password_hash, credential_version }
  })
}

export async function setEnabled(
  services: MailboxServices,
  name: string,
  enabled: boolean,
): Promise<Mailbox> {
  return change(services, name, credential_version => ({ enabled: enabled ? 1 : 0, credential_version }))
}

/** Ends the long count of strangers' guesses. The short locks and counts are the caller's to lift. */
export async function clearGuesses(services: MailboxServices, name: string): Promise<Mailbox> {
  return change(services, name, () => ({ guesses: 0 }))
}

/** Deletes the account with its grants and networks; its auth log stays. */
export async function deleteMailbox(services: MailboxServices, name: string): Promise<void> {
  const canonical = parseName(services, name)
  const version = await inTransaction(services.db, async trx => {
    const version = await takeVersion(trx, 'mailbox_version')
    const { numDeletedRows } = await trx.deleteFrom('users').where('name', '=', canonical).executeTakeFirst()
    if (numDeletedRows === 0n) throw noSuchMailbox(canonical)
    return version
  })
  await forget(services, canonical, version)
}

/**
 * Reads the row, decides, and writes it, in one step; then every node forgets its copies.
 * @param changesAt what to change, at the row's new version; a Refusal that it throws leaves everything as it was
 * @param beside what else to write in that step, while the row is locked; as `changesAt` it may be called again
 */
export async function change(
  services: MailboxServices,
  name: string,
  changesAt: (version: number, before: User) => Partial<User>,
  beside: (trx: Transaction<Tables>, before: User) => Promise<void> = async () => {},
): Promise<Mailbox> {
  const canonical = parseName(services, name)
  const user = await inTransaction(services.db, async trx => {
    const version = await takeVersion(trx, 'mailbox_version')
    const before = await findUser(trx, canonical)
    const changes = { ...changesAt(version, before), version, updated_at: services.clock() }
    await trx.updateTable('users').set(changes).where('id', '=', before.id).execute()
    await beside(trx, before)
    return { ...before, ...changes }
  })
  await forget(services, canonical, user.version)
  return toMailbox(user)
}

async function findUser(db: Database, name: string): Promise<User> {
  const user = await db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst()
  if (!user) throw noSuchMailbox(name)
  return user
}

function parseName({ settings }: MailboxServices, text: string): string {
  const name = canonicalName(text, settings.auth.default_domain)
  if (name !== null) return name
  throw new Refusal(
    'invalid',
    'name',
    'name must be 1 to 255 bytes such as joe@example.org, without blanks at an end and without hidden characters',
  )
}

const noSuchMailbox = (name: string) => new Refusal('not_found', 'name', `there is no mailbox ${name}`)
