/**
 * Sign-ins of administrators. One that has ended is deleted, and that is effective at its next request, on every node.
 *
 * A refresh token is `<session>.<256 random bits>.<proof that it is ours>` and works once: each use brings the next one.
 * Whoever sends one that was used before ends the session: of two who have the same token one is a thief, and nobody knows
 * which. So of two uses at once one gets the next token and both lose the session; a client lets one request refresh for
 * all. One that is made up ends nothing: ids of sessions are no secret, they stand in the operation log.
 */
import { createHash, createHmac, type KeyObject, randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Database, Tables } from '../database/schema.ts'
import { newId } from '../id.ts'
import { isSharedSecret } from '../shared-secret.ts'
import type { Role } from './roles.ts'

/** A session in force, with what its administrator is now. */
export interface Session {
  id: string
  admin_id: string
  username: string
  role: Role
  /** Until the password is changed nothing else may be done. */
  must_change_password: boolean
}

export interface SessionServices {
  db: Database
  clock: () => number
}

/** A session that is not used for so long has ended. */
const idleMs = 30 * 60_000
/** The last use is written at most so often. */
const writeAgainMs = 60_000

/** @returns null when the session has ended, or its administrator is disabled or gone */
export async function readSession({ db, clock }: SessionServices, id: string): Promise<Session | null> {
  const now = clock()
  const row = await db
    .selectFrom('sessions')
    .innerJoin('admin', 'admin.id', 'sessions.admin_id')
    .select(['sessions.id', 'admin_id', 'username', 'role', 'must_change_password', 'used_at'])
    .where('sessions.id', '=', id)
    .where('sessions.ends_at', '>', now)
    .where('sessions.used_at', '>', now - idleMs)
    .where('admin.enabled', '=', 1)
    .executeTakeFirst()
  if (!row) return null
  const { used_at, must_change_password, ...session } = row
  if (now >= used_at + writeAgainMs)
    await db.updateTable('sessions').set({ used_at: now }).where('id', '=', id).execute()
  return { ...session, must_change_password: must_change_password === 1 }
}

/** Where somebody signs in from. */
export interface Client {
  address: string
  user_agent: string
}

const longestUserAgent = 200

export interface RefreshServices extends SessionServices {
  /** Signs access tokens, and proves that a refresh token is ours. */
  tokenKey: KeyObject
}

/** @returns the session's id and its first refresh token */
export async function openSession(
  { tokenKey, clock }: Pick<RefreshServices, 'tokenKey' | 'clock'>,
  trx: Transaction<Tables>,
  admin_id: string,
  { address, user_agent }: Client,
  lifeMs: number,
): Promise<{ id: string; refresh_token: string }> {
  const id = newId()
  const now = clock()
  const { refresh_token, refresh_digest } = makeRefreshToken(tokenKey, id)
  await trx
    .insertInto('sessions')
    .values({
      id,
      admin_id,
      refresh_digest,
      created_at: now,
      used_at: now,
      ends_at: now + lifeMs,
      client_address: address,
      user_agent: user_agent.slice(0, longestUserAgent),
    })
    .execute()
  return { id, refresh_token }
}

export type Refreshed =
  | { kind: 'renewed'; session: Session; refresh_token: string }
  /** There is no such session any more, or it is no such token. */
  | { kind: 'ended' }
  /** The token was the session's before; that is ended now. */
  | { kind: 'replayed'; session: Session }

/** Exchanges a refresh token. One step: of two that come with the same one, on all nodes, one gets the next. */
export async function refreshSession(services: RefreshServices, token: string): Promise<Refreshed> {
  const id = sessionOf(services.tokenKey, token)
  const session = id === null ? null : await readSession(services, id)
  if (!session) return { kind: 'ended' }
  const { refresh_token, refresh_digest } = makeRefreshToken(services.tokenKey, session.id)
  const { numUpdatedRows } = await services.db
    .updateTable('sessions')
    .set({ refresh_digest, used_at: services.clock() })
    .where('id', '=', session.id)
    .where('refresh_digest', '=', digestOf(token))
    .executeTakeFirst()
  if (numUpdatedRows === 1n) return { kind: 'renewed', session, refresh_token }
  await endSession(services.db, session.id)
  return { kind: 'replayed', session }
}

/** The session that a refresh token is, or was, of; null for what is no such token. */
function sessionOf(key: KeyObject, token: string): string | null {
  const [, unproved = '', id = '', proof = ''] =
    /^(([0-9a-f-]{36})\.[\w-]{43})\.([\w-]{43})$/.exec(token) ?? []
  return id !== '' && isSharedSecret(proveOurs(key, unproved), proof) ? id : null
}

/** Ends one session. @param adminId only if it is one of theirs @returns whether there was one */
export async function endSession(db: Database, id: string, adminId?: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('id', '=', id)
    .$if(adminId !== undefined, query => query.where('admin_id', '=', adminId!))
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Ends all sessions of an administrator. @param but except this one @returns how many there were */
export async function endSessionsOf(db: Database, adminId: string, but?: string): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('admin_id', '=', adminId)
    .$if(but !== undefined, query => query.where('id', '!=', but!))
    .executeTakeFirst()
  return Number(numDeletedRows)
}

export const sessionSchema = z.strictObject({
  id: z.string(),
  username: z.string(),
  created_at: z.int(),
  /** Up to a minute before the last use. */
  used_at: z.int(),
  ends_at: z.int(),
  client_address: z.string(),
  user_agent: z.string(),
})
export type ShownSession = z.infer<typeof sessionSchema>

/** Those in force, the newest first. @param adminId absent = of all administrators */
export async function listSessions(
  { db, clock }: SessionServices,
  adminId?: string,
): Promise<ShownSession[]> {
  const now = clock()
  return db
    .selectFrom('sessions')
    .innerJoin('admin', 'admin.id', 'sessions.admin_id')
    .select(['sessions.id', 'username', 'sessions.created_at', 'used_at', 'ends_at'])
    .select(['client_address', 'user_agent'])
    .where('ends_at', '>', now)
    .where('used_at', '>', now - idleMs)
    .$if(adminId !== undefined, query => query.where('admin_id', '=', adminId!))
    .orderBy('sessions.created_at', 'desc')
    .orderBy('sessions.id', 'desc')
    .execute()
}

/** Deletes what time has ended. */
export async function deleteEndedSessions({ db, clock }: SessionServices): Promise<void> {
  const now = clock()
  await db
    .deleteFrom('sessions')
    .where(eb => eb.or([eb('ends_at', '<=', now), eb('used_at', '<=', now - idleMs)]))
    .execute()
}

function makeRefreshToken(key: KeyObject, sessionId: string) {
  const unproved = `${sessionId}.${randomBytes(32).toString('base64url')}`
  const refresh_token = `${unproved}.${proveOurs(key, unproved)}`
  return { refresh_token, refresh_digest: digestOf(refresh_token) }
}

/** What no access token is signed with begins otherwise: theirs are base64 alone. */
const proveOurs = (key: KeyObject, unproved: string) =>
  createHmac('sha256', key).update(`refresh ${unproved}`).digest('base64url')

const digestOf = (token: string) => createHash('sha256').update(token).digest('base64url')
