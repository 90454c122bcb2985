/** What superadmins, and whoever has the command line, do with administrators. Effective at the next request. */
import { z } from 'zod'
import { isDuplicate } from '../database/dialect.ts'
import type { AdminRow, Database } from '../database/schema.ts'
import { searchFor } from '../database/search-for.ts'
import { takeVersion } from '../database/version.ts'
import type { HotState } from '../hot-state/port.ts'
import { newId } from '../id.ts'
import { knownVersion, limit, parseInput, text } from '../input.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import {
  type Admin,
  adminSchema,
  findAdmin,
  newUsername,
  toAdmin,
  type WithOneTimePassword,
} from './admin.ts'
import { changeAdmin, deleteRow, describe } from './change.ts'
import { unlockOps } from './guessing.ts'
import { adminCost, makeOneTimePassword } from './passwords.ts'
import { roles } from './roles.ts'
import { endSessionsOf } from './sessions.ts'

export interface AdminServices extends RecordServices {
  hot: HotState
  passwords: Pick<Passwords, 'hash'>
}

const role = z.enum(roles, `must be one of ${roles.join(', ')}`)

export const namedAdmin = z.strictObject({ username: text(255) })

export const newAdmin = z.strictObject({ username: newUsername, role })

export const adminChanges = z
  .strictObject({
    role,
    enabled: z.boolean('must be true or false'),
    /** As it was read: refused when somebody has changed the administrator since. */
    version: knownVersion,
  })
  .partial()
  .refine(({ role, enabled }) => role !== undefined || enabled !== undefined, 'give role or enabled')

/** @returns the administrator and a password for the first sign-in @throws Refusal when the name is taken */
export async function addAdmin(services: AdminServices, input: unknown): Promise<WithOneTimePassword> {
  const { username, role } = parseInput(newAdmin, input)
  const one_time_password = makeOneTimePassword()
  const password_hash = await services.passwords.hash(one_time_password, adminCost)
  const row = await recorded(services, 'admin add', async trx => {
    const version = await takeVersion(trx, 'admin_version')
    const row = makeRow({ username, role, password_hash, version, now: services.clock() })
    await insertAdmin(trx, row)
    return { target: username, before: null, after: describe(row), result: row }
  })
  return { ...toAdmin(row, services.clock()), one_time_password }
}

type NewRow = Pick<AdminRow, 'username' | 'role' | 'password_hash' | 'version'>

/** With a password to be changed at the first sign-in. */
export const makeRow = ({ now, ...rest }: NewRow & { now: number }): AdminRow => ({
  id: newId(),
  enabled: 1,
  totp_secret: null,
  totp_confirmed: 0,
  totp_last_step: 0,
  must_change_password: 1,
  locked_until: null,
  last_signed_in_at: null,
  language: null,
  created_at: now,
  updated_at: now,
  ...rest,
})

async function insertAdmin(db: Database, row: AdminRow): Promise<void> {
  try {
    await db.insertInto('admin').values(row).execute()
  } catch (error) {
    if (!isDuplicate(error)) throw error
    throw new Refusal('conflict', 'username', `there is already an administrator ${row.username}`)
  }
}

export const adminQuery = z.strictObject({
  /** A part of the name, whatever its case; of letters beyond ASCII on MySQL only. */
  search: text(255).default(''),
  /** `next` of the page before. */
  after: text(255).default(''),
  limit: limit(500, 100),
})

export const adminPage = z.strictObject({
  items: z.array(adminSchema),
  next: z.string().nullable(),
  total: z.int(),
})

/** By name. */
export async function listAdmins(
  { db, clock }: AdminServices,
  input: unknown,
): Promise<z.infer<typeof adminPage>> {
  const { search, after, limit } = parseInput(adminQuery, input)
  const found = db
    .selectFrom('admin')
    .$if(search !== '', query => query.where(searchFor(search.normalize('NFC'), ['username'])))
  const { total } = await found.select(eb => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await found
    .selectAll()
    .where('username', '>', after)
    .orderBy('username')
    .limit(limit + 1)
    .execute()
  const items = rows.slice(0, limit).map(row => toAdmin(row, clock()))
  return { items, next: rows.length > limit ? items.at(-1)!.username : null, total: Number(total) }
}

/** @throws Refusal if there is none */
export async function showAdmin({ db, clock }: AdminServices, input: unknown): Promise<Admin> {
  return toAdmin(await findAdmin(db, parseInput(namedAdmin, input).username), clock())
}

/** Changes the role, or whether one may sign in; who is disabled is signed out. @param input see `adminChanges` */
export async function setAdmin(services: AdminServices, username: string, input: unknown): Promise<Admin> {
  const { role, enabled, version } = parseInput(adminChanges, input)
  const row = await changeAdmin(services, 'admin set', username, async (before, trx) => {
    if (version !== undefined && version !== before.version) {
      throw new Refusal('conflict', 'version', `${before.username} was changed meanwhile; read it again`)
    }
    if (enabled === false) await endSessionsOf(trx, before.id)
    return {
      ...(role !== undefined && { role }),
      ...(enabled !== undefined && { enabled: enabled ? (1 as const) : (0 as const) }),
    }
  })
  return toAdmin(row, services.clock())
}

/** Idempotent: of one that is not there nothing needs to go. */
export async function deleteAdmin(services: AdminServices, input: unknown): Promise<{ deleted: boolean }> {
  const { username } = parseInput(namedAdmin, input)
  try {
    await deleteRow(services, 'admin delete', username)
    return { deleted: true }
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not_found') return { deleted: false }
    throw error
  }
}

/** Another password for the next sign-in, in place of a lost one; who is signed in with the old one is so no more. */
export async function resetPassword(services: AdminServices, input: unknown): Promise<WithOneTimePassword> {
  const { username } = parseInput(namedAdmin, input)
  refuseOneself(services, username)
  const one_time_password = makeOneTimePassword()
  const password_hash = await services.passwords.hash(one_time_password, adminCost)
  const row = await changeAdmin(services, 'admin reset-password', username, async (before, trx) => {
    await endSessionsOf(trx, before.id)
    return { password_hash, must_change_password: 1 }
  })
  return { ...toAdmin(row, services.clock()), one_time_password }
}

/** No codes any more, for a lost phone. */
export async function resetAdminTotp(services: AdminServices, input: unknown): Promise<Admin> {
  const { username } = parseInput(namedAdmin, input)
  refuseOneself(services, username)
  const row = await changeAdmin(services, 'admin reset-totp', username, () => ({
    totp_secret: null,
    totp_confirmed: 0,
    totp_last_step: 0,
  }))
  return toAdmin(row, services.clock())
}

/** Lifts what wrong passwords have led to, for strangers and in every network. */
export async function unlockAdmin(services: AdminServices, input: unknown): Promise<Admin> {
  const { username } = parseInput(namedAdmin, input)
  let networks: string[] = []
  const row = await changeAdmin(services, 'admin unlock', username, async ({ id }, trx) => {
    const rows = await trx.selectFrom('admin_networks').select('network').where('admin_id', '=', id).execute()
    networks = rows.map(({ network }) => network)
    await trx.updateTable('admin_networks').set({ locked_until: null }).where('admin_id', '=', id).execute()
    return { locked_until: null }
  })
  await services.hot.announce(unlockOps(row.username, networks))
  return toAdmin(row, services.clock())
}

/** Whoever has somebody's session must not be able to do without their password. */
function refuseOneself({ actor }: AdminServices, username: string): void {
  if (actor.name !== username.normalize('NFC')) return
  throw new Refusal(
    'conflict',
    'username',
    'this is you: change your own password and codes under /api/session, which asks for the password',
  )
}
