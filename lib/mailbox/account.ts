/** A mailbox account as a login sees it: the facts that may be cached, and where they come from. */
import type { Database, User } from '../database/schema.ts'
import { memoize } from '../memoize.ts'
import { type Protocol, protocols } from './protocols.ts'

export interface Account {
  id: string
  /** Canonical name. */
  name: string
  /** What the backend is told. */
  login: string
  domain: string
  enabled: boolean
  protocols: Protocol[]
  pool: string | null
  /** Whether a login needs a one-time code. */
  totp: boolean
  version: number
  credentialVersion: number
  /** Wrong passwords of strangers since the last success of one, as of the copy; exact from the limit on. */
  guesses: number
}

/** The account with what is cached nowhere, or only beside it. */
export interface KnownAccount {
  account: Account
  passwordHash: string
  /** Sealed, see `totpPlace`; null = none, or not in force. */
  totpSecret: string | null
  /** The last TOTP step that was spent. */
  lastStep: number
  /** UTC milliseconds of the last success from the network that was asked for; null = none. */
  familiarSince: number | null
}

/** What a mailbox's TOTP secret is sealed for (lib/sealing.ts). */
export const totpPlace = (accountId: string) => `users/${accountId}/totp_secret`

/** Hot-state key of the cached account, under its canonical name. Its entries carry `Account.version`. */
export const accountKey = (name: string) => `account:${name}`

/** The account of that name and what it is to the network, in one query; null if there is none. */
export async function readAccount(
  db: Database,
  name: string,
  network: string | null,
): Promise<KnownAccount | null> {
  const row = await db
    .selectFrom('users')
    .leftJoin('known_networks', join =>
      join.onRef('known_networks.user_id', '=', 'users.id').on('known_networks.network', '=', network ?? ''),
    )
    .selectAll('users')
    .select('known_networks.last_success_at as familiar_since')
    .where('users.name', '=', name)
    .executeTakeFirst()
  if (!row) return null
  const account = toAccount(row)
  return {
    account,
    passwordHash: row.password_hash,
    totpSecret: account.totp ? row.totp_secret : null,
    lastStep: row.totp_last_step,
    familiarSince: row.familiar_since,
  }
}

/** A copy of the account's row, and when that was read, in UTC milliseconds. */
export interface AccountCopy {
  account: Account
  readAt: number
}

export const writeCopy = (copy: AccountCopy): string => JSON.stringify(copy)

const parseCopy = memoize((text): AccountCopy => JSON.parse(text))

/** The copy that `writeCopy` made; null stays null. */
export const readCopy = (copy: string | null): Readonly<AccountCopy> | null =>
  copy === null ? null : parseCopy(copy)

function toAccount(user: User): Account {
  return {
    id: user.id,
    name: user.name,
    login: user.login,
    domain: user.domain,
    enabled: user.enabled === 1,
    protocols: readProtocols(user.protocols),
    pool: user.pool,
    totp: user.totp_confirmed === 1,
    version: user.version,
    credentialVersion: user.credential_version,
    guesses: user.guesses,
  }
}

/** From the column's comma-separated text. */
export function readProtocols(text: string): Protocol[] {
  const allowed = text.split(',')
  return protocols.filter(protocol => allowed.includes(protocol))
}
