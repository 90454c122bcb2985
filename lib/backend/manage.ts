/** What people do with backends. Every change counts up `backends:version`, so the next login on every node sees it. */
import type { Transaction } from 'kysely'
import { z } from 'zod'
import { isDuplicate } from '../database/dialect.ts'
import type { BackendRow, Tables } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import { newId } from '../id.ts'
import { parseInput } from '../input.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { versionKey } from './directory.ts'
import { backendChangesSchema, newBackendSchema } from './input.ts'
import { findLeftAlone, warnOfPort } from './rules.ts'
import type { Saved } from './shapes.ts'

/**
 * What the verbs need. They reject after the row was written only if neither hot state nor database take the news:
 * gateways then see the change with their next round of checks.
 */
export interface ManageServices extends RecordServices {
  hot: HotState
}

/**
 * @param input see `newBackendSchema`
 * @throws Refusal that names the bad field, or says that the place is taken.
 */
export async function addBackend(services: ManageServices, input: unknown): Promise<Saved> {
  const now = services.clock()
  const given = parseInput(newBackendSchema, input)
  const backend = { id: newId(), ...given, created_at: now, updated_at: now, version: 1 }
  refuseDoubleAssignment(backend)
  await recorded(services, 'backend add', async trx => {
    await keepPlacesUnique(backend, trx.insertInto('backends').values(backend).execute())
    return { target: placeOf(backend), before: null, after: given, result: backend }
  })
  await announce(services)
  return { backend, warning: warnOfPort(backend.port) }
}

/**
 * Changes the given fields, the others stay; with `version` only that version of the backend.
 * @param input see `backendChangesSchema`
 * @throws Refusal that names the bad field, says that the place is taken, that there is no such backend, that somebody
 *   else has changed it, or no change.
 */
export async function setBackend(services: ManageServices, id: string, input: unknown): Promise<Saved> {
  const { version, ...changes } = parseInput(backendChangesSchema, input)
  if (Object.keys(changes).length === 0) {
    const { version: _, ...fields } = backendChangesSchema.shape
    throw new Refusal(
      'invalid',
      '',
      `nothing to change: give at least one of ${Object.keys(fields).join(', ')}`,
    )
  }
  return change(services, 'backend set', id, changes, version)
}

/** Sends new logins elsewhere; open connections stay. @throws Refusal if there is no such backend */
export function drainBackend(services: ManageServices, id: string): Promise<Saved> {
  return change(services, 'backend drain', id, { state: 'draining' })
}

async function change(
  services: ManageServices,
  action: string,
  id: string,
  changes: Partial<BackendRow>,
  version?: number,
): Promise<Saved> {
  const updated_at = services.clock()
  const { backend, leftAlone } = await recorded(services, action, async trx => {
    const before = await lockBackend(trx, id, updated_at)
    if (version !== undefined && version !== before.version) {
      const now = `it has version ${before.version} now, not ${version}: look at it again`
      throw new Refusal('conflict', 'version', `somebody else has changed this backend meanwhile; ${now}`)
    }
    const after = { ...before, ...changes, version: before.version + 1 }
    refuseDoubleAssignment(after)
    const row = trx.updateTable('backends').where('id', '=', id)
    await keepPlacesUnique(after, row.set({ ...changes, version: after.version }).execute())
    const leftAlone = await whoIsLeftAlone(trx, before, after)
    const result = { backend: { ...after, updated_at }, leftAlone }
    return { target: placeOf(before), before: settingsOf(before), after: settingsOf(after), result }
  })
  await announce(services)
  const noneLeft = leftAlone && `no active backend is left for ${leftAlone}: they get a temporary failure`
  return { backend, warning: noneLeft ?? warnOfPort(backend.port) }
}

export const removalSchema = z.strictObject({
  /** Also the last active one for some logins. */
  force: z.boolean('must be true or false').default(false),
})

/**
 * Its health history goes with it.
 * @param input see `removalSchema`
 * @throws Refusal if there is no such backend, or, without `force`, when it is the last active one for some logins
 */
export async function removeBackend(services: ManageServices, id: string, input: unknown = {}) {
  const { force } = parseInput(removalSchema, input)
  const backend = await recorded(services, 'backend remove', async trx => {
    const before = await lockBackend(trx, id, services.clock())
    const leftAlone = force ? null : await whoIsLeftAlone(trx, before, null)
    if (leftAlone) {
      const what = `this is the last active backend for ${leftAlone}`
      throw new Refusal('conflict', 'force', `${what}; give force (--force) if it shall go nevertheless`)
    }
    await trx.deleteFrom('backends').where('id', '=', id).execute()
    await trx.deleteFrom('backend_events').where('backend_id', '=', id).execute()
    return { target: placeOf(before), before: settingsOf(before), after: null, result: before }
  })
  await announce(services)
  return backend
}

async function announce({ hot }: ManageServices): Promise<void> {
  await hot.announce([{ op: 'increment', key: versionKey, ttlMs: null }])
}

/** Nobody else changes it between the look and the change. */
async function lockBackend(trx: Transaction<Tables>, id: string, updated_at: number): Promise<BackendRow> {
  const { numUpdatedRows } = await trx
    .updateTable('backends')
    .set({ updated_at })
    .where('id', '=', id)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new Refusal('not_found', 'id', `there is no backend with the id ${id}`)
  return trx.selectFrom('backends').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

async function whoIsLeftAlone(trx: Transaction<Tables>, before: BackendRow, after: BackendRow | null) {
  return findLeftAlone(await trx.selectFrom('backends').selectAll().execute(), before, after)
}

const placeOf = ({ protocol, host, port }: Pick<BackendRow, 'protocol' | 'host' | 'port'>) =>
  `${protocol}:${host}:${port}`

/** What people set. */
const settingsOf = ({ id: _id, created_at: _made, updated_at: _set, version: _v, ...settings }: BackendRow) =>
  settings

/** A pool is asked for by name and never by domain: a domain beside it would be a setting without effect. */
function refuseDoubleAssignment({ domain, pool }: Pick<BackendRow, 'domain' | 'pool'>): void {
  if (domain !== null && pool !== null) {
    throw new Refusal(
      'invalid',
      'domain',
      'domain and pool exclude each other: a backend in a pool gets only the mailboxes assigned to it',
    )
  }
}

async function keepPlacesUnique(
  { protocol, host, port }: Pick<BackendRow, 'protocol' | 'host' | 'port'>,
  write: Promise<unknown>,
): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!isDuplicate(error)) throw error
    throw new Refusal(
      'conflict',
      'host',
      `there is already a backend with protocol ${protocol}, host ${host} and port ${port}`,
    )
  }
}
