/** A mailbox account as a login sees it: the facts that may be cached, and where they come from. */
import type { Database, User } from '../database/schema.ts'
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
  version: number
  credentialVersion: number
}

/** Hot-state key of the cached account, under its canonical name. Its entries carry `Account.version`. */
export const accountKey = (name: string) => `account:${name}`

/** The account and its password hash, or null. The hash is read here each time and cached nowhere. */
export async function readAccount(
  db: Database,
  name: string,
): Promise<{ account: Account; passwordHash: string } | null> {
  const user = await db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst()
  return user ? { account: toAccount(user), passwordHash: user.password_hash } : null
}

export const writeCopy = (account: Account): string => JSON.stringify(account)

/** The account from a copy that `writeCopy` made; null stays null. */
export const readCopy = (copy: string | null): Account | null => (copy === null ? null : JSON.parse(copy))

export function toAccount(user: User): Account {
  return {
    id: user.id,
    name: user.name,
    login: user.login,
    domain: user.domain,
    enabled: user.enabled === 1,
    protocols: readProtocols(user.protocols),
    pool: user.pool,
    version: user.version,
    credentialVersion: user.credential_version,
  }
}

/** From the column's comma-separated text. */
export function readProtocols(text: string): Protocol[] {
  const allowed = text.split(',')
  return protocols.filter(protocol => allowed.includes(protocol))
}
