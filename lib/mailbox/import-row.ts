/** One line of an import: what it may hold, and what it makes of a mailbox. */
import { z } from 'zod'
import type { User } from '../database/schema.ts'
import { newId } from '../id.ts'
import { text } from '../input.ts'
import { Refusal } from '../refusal.ts'
import type { FileRow } from './import-file.ts'
import { fields, joinProtocols, newMailbox, toMailbox } from './mailbox.ts'
import { type MailboxServices, parseName } from './manage.ts'
import { domainOf } from './name.ts'
import { parseNewPassword, refuseUnsendable } from './passwords.ts'
import { protocols } from './protocols.ts'
import { sealPassword } from './stored-password.ts'

export const lineError = z.strictObject({ line: z.int(), field: z.string(), message: z.string() })
export type LineError = z.infer<typeof lineError>

/** Below, a leaked hash is broken soon, and a login tells by its haste that the mailbox exists; above, logins take seconds. */
const bcryptHash = /^\$2[aby]\$1[0-2]\$[./A-Za-z0-9]{53}$/

const importRow = z
  .strictObject({
    name: newMailbox.shape.name,
    password: text().optional(),
    password_hash: text()
      .regex(bcryptHash, 'must be bcrypt ($2a$, $2b$ or $2y$) of a cost from 10 to 12')
      .optional(),
    owner: fields.owner.optional(),
    protocols: fields.protocols.optional(),
    pool: fields.pool.optional(),
    enabled: z.boolean('must be true or false').optional(),
  })
  .refine(row => row.password === undefined || row.password_hash === undefined, {
    path: ['password'],
    message: 'must not be there together with a hash',
  })

export interface Wanted extends Omit<z.output<typeof importRow>, 'name'> {
  line: number
  name: string
  login: string
}

/** @returns the row as it is wanted, or what is wrong with it */
export function readRow(services: MailboxServices, row: FileRow): Wanted | { errors: LineError[] } {
  const { line } = row
  if ('error' in row) return { errors: [{ line, ...row.error }] }
  const { data, error } = importRow.safeParse(row.fields)
  if (error) {
    const errors = error.issues.map(({ path, message, ...issue }) => {
      const isUnknown = issue.code === 'unrecognized_keys'
      return { line, field: path.join('.'), message: isUnknown ? 'has a field that is not known' : message }
    })
    return { errors }
  }
  try {
    const { name: login, password, ...rest } = data
    const name = parseName(services, login)
    return {
      ...rest,
      line,
      name,
      login,
      password: password === undefined ? undefined : parseNewPassword(password),
    }
  } catch (error) {
    return { errors: [asLineError(line, error)] }
  }
}

export function asLineError(line: number, error: unknown): LineError {
  if (error instanceof Refusal) return { line, field: error.field, message: error.message }
  throw error
}

function storedOf({ sealer }: MailboxServices, id: string, { password, password_hash }: Wanted) {
  return password === undefined ? password_hash : sealPassword(sealer, id, password)
}

/** @throws Refusal when it would have no password */
export function makeUser(services: MailboxServices, row: Wanted, version: number): User {
  const id = newId()
  const stored = storedOf(services, id, row)
  if (stored === undefined)
    throw new Refusal('invalid', 'password', 'a new mailbox needs a password or a password_hash')
  const now = services.clock()
  return {
    id,
    name: row.name,
    login: row.login,
    domain: domainOf(row.name),
    password_hash: stored,
    owner: row.owner ?? '',
    enabled: row.enabled === false ? 0 : 1,
    protocols: joinProtocols(row.protocols ?? [...protocols]),
    pool: row.pool ?? null,
    version,
    credential_version: version,
    totp_secret: null,
    totp_confirmed: 0,
    totp_last_step: 0,
    guesses: 0,
    created_at: now,
    updated_at: now,
  }
}

export function changesAnything(row: Wanted, before: User): boolean {
  const { owner, enabled, pool, protocols } = toMailbox(before)
  return (
    row.password !== undefined ||
    (row.password_hash ?? before.password_hash) !== before.password_hash ||
    (row.owner ?? owner) !== owner ||
    (row.enabled ?? enabled) !== enabled ||
    (row.pool === undefined ? pool : row.pool) !== pool ||
    joinProtocols(row.protocols ?? protocols) !== joinProtocols(protocols)
  )
}

/** @throws Refusal for a password that its codes could not follow */
export function changeUser(services: MailboxServices, row: Wanted, before: User, version: number): User {
  if (row.password !== undefined && before.totp_secret !== null) refuseUnsendable(row.password)
  const stored = storedOf(services, before.id, row)
  const enabled = row.enabled === undefined ? before.enabled : row.enabled ? 1 : 0
  const isCredential = stored !== undefined || enabled !== before.enabled
  return {
    ...before,
    owner: row.owner ?? before.owner,
    protocols: row.protocols ? joinProtocols(row.protocols) : before.protocols,
    pool: row.pool === undefined ? before.pool : row.pool,
    enabled,
    password_hash: stored ?? before.password_hash,
    version,
    credential_version: isCredential ? version : before.credential_version,
    updated_at: services.clock(),
  }
}
