/** What people do with sessions: their own, and those of others. */
import { z } from 'zod'
import { parseInput, text } from '../input.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { findAdmin } from './admin.ts'
import {
  endSession,
  endSessionsOf,
  listSessions,
  type Session,
  type ShownSession,
  sessionSchema,
} from './sessions.ts'

const sessionsQuery = z.strictObject({ username: text(255).optional() })

/** Those in force, of one administrator or of all. @throws Refusal if there is no such administrator */
export async function listSessionsOf(services: RecordServices, input: unknown): Promise<ShownSession[]> {
  const { username } = parseInput(sessionsQuery, input)
  const admin = username === undefined ? undefined : await findAdmin(services.db, username)
  return listSessions(services, admin?.id)
}

export const ownSession = sessionSchema.extend({ current: z.boolean() })

export async function listOwnSessions(services: RecordServices, { id, admin_id }: Session) {
  const sessions = await listSessions(services, admin_id)
  return sessions.map(session => ({ ...session, current: session.id === id }))
}

/** Ends one of the own sessions; of one that is not there nothing needs to go. */
export function endOwnSession(services: RecordServices, { admin_id, username }: Session, id: string) {
  return recorded(services, 'session end', async trx => {
    const ended = await endSession(trx, id, admin_id)
    return { target: username, before: null, after: { session: id, ended: Number(ended) }, result: undefined }
  })
}

/** Ends all own sessions but this one. */
export function endOtherSessions(services: RecordServices, { id, admin_id, username }: Session) {
  return recorded(services, 'session end', async trx => {
    const ended = await endSessionsOf(trx, admin_id, id)
    return { target: username, before: null, after: { ended }, result: { ended } }
  })
}

/** Signing out. */
export function signOut(services: RecordServices, { id, username }: Session) {
  return recorded(services, 'sign-out', async trx => {
    await endSession(trx, id)
    return { target: username, before: null, after: { session: id }, result: undefined }
  })
}

const meant = z.union(
  [z.strictObject({ id: z.string() }), z.strictObject({ username: text(255) })],
  'name one session by its id, or an administrator',
)

/** Ends one session, or all of an administrator. @throws Refusal if there is no such session or administrator */
export async function endAnySessions(services: RecordServices, input: unknown): Promise<{ ended: number }> {
  const wanted = parseInput(meant, input)
  return recorded(services, 'session end', async trx => {
    if ('username' in wanted) {
      const { id, username } = await findAdmin(trx, wanted.username)
      const ended = await endSessionsOf(trx, id)
      return { target: username, before: null, after: { ended }, result: { ended } }
    }
    const { id } = wanted
    if (!(await endSession(trx, id)))
      throw new Refusal('not_found', 'session', `there is no session ${id}; see session list`)
    return { target: id, before: null, after: { ended: 1 }, result: { ended: 1 } }
  })
}
