/** Changing an administrator's row. Changes are made one after the other, so that one superadmin is always left. */
import type { Transaction } from 'kysely'
import type { AdminRow, Tables } from '../database/schema.ts'
import { takeVersion } from '../database/version.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { findAdmin, totpOf } from './admin.ts'

/**
 * Reads the row, decides and writes it, with its row of the operation log, in one step.
 * @param changesOf what to change, and whatever else is to be done in that step; it may be called again
 * @throws Refusal if there is no such administrator, or no superadmin would be left; whatever `changesOf` throws
 */
export function changeAdmin(
  services: RecordServices,
  action: string,
  username: string,
  changesOf: (before: AdminRow, trx: Transaction<Tables>) => Partial<AdminRow> | Promise<Partial<AdminRow>>,
): Promise<AdminRow> {
  return recorded(services, action, async trx => {
    const version = await takeVersion(trx, 'admin_version')
    const before = await findAdmin(trx, username)
    const changes = { ...(await changesOf(before, trx)), version, updated_at: services.clock() }
    const after = { ...before, ...changes }
    await keepSuperadmin(trx, before, after)
    await trx.updateTable('admin').set(changes).where('id', '=', before.id).execute()
    return { target: before.username, before: describe(before), after: describe(after), result: after }
  })
}

/** Deletes the row, its sessions and networks likewise. @throws Refusal as `changeAdmin` */
export function deleteRow(services: RecordServices, action: string, username: string): Promise<void> {
  return recorded(services, action, async trx => {
    await takeVersion(trx, 'admin_version')
    const before = await findAdmin(trx, username)
    await keepSuperadmin(trx, before, null)
    await trx.deleteFrom('admin').where('id', '=', before.id).execute()
    return { target: before.username, before: describe(before), after: null, result: undefined }
  })
}

/** What the operation log shows of one. */
export const describe = (row: AdminRow) => ({
  role: row.role,
  enabled: row.enabled === 1,
  totp: totpOf(row),
  must_change_password: row.must_change_password === 1,
  locked_until: row.locked_until,
  language: row.language,
})

const isSuperadmin = (row: AdminRow | null) => row?.role === 'superadmin' && row.enabled === 1

async function keepSuperadmin(
  trx: Transaction<Tables>,
  before: AdminRow,
  after: AdminRow | null,
): Promise<void> {
  if (!isSuperadmin(before) || isSuperadmin(after)) return
  const other = await trx
    .selectFrom('admin')
    .select('id')
    .where('role', '=', 'superadmin')
    .where('enabled', '=', 1)
    .where('id', '!=', before.id)
    .limit(1)
    .executeTakeFirst()
  if (other) return
  throw new Refusal(
    'conflict',
    'username',
    `${before.username} is the last superadmin that is enabled; make another one first`,
  )
}
