/** What people do with backends. Every change counts up `backends:version`, so the next login on every node sees it. */

import { isDuplicate } from '../database/dialect.ts'
import type { BackendRow, Database } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import type { HotState } from '../hot-state/port.ts'
import { newId } from '../id.ts'
import { parseInput } from '../input.ts'
import { Refusal } from '../refusal.ts'
import { versionKey } from './directory.ts'
import { backendChangesSchema, newBackendSchema } from './input.ts'
import { warnOfPort } from './rules.ts'

/**
 * What the verbs need. They reject after the row was written only if neither hot state nor database take the news:
 * gateways then see the change with their next round of checks.
 */
export interface ManageServices {
  db: Database
  hot: HotState
  clock: () => number
}

export interface Saved {
  backend: BackendRow
  /** Something that will probably not work; null = nothing to say. */
  warning: string | null
}

/**
 * @param input see `newBackendSchema`
 * @throws Refusal that names the bad field, or says that the place is taken.
 */
export async function addBackend(services: ManageServices, input: unknown): Promise<Saved> {
  const now = services.clock()
  const backend = {
    id: newId(),
    ...parseInput(newBackendSchema, input),
    created_at: now,
    updated_at: now,
  }
  refuseDoubleAssignment(backend)
  await keepPlacesUnique(backend, services.db.insertInto('backends').values(backend).execute())
  await announce(services)
  return { backend, warning: warnOfPort(backend.port) }
}

/**
 * Changes the given fields, the others stay; `state: 'draining'` sends new logins elsewhere.
 * @param changes see `backendChangesSchema`
 * @throws Refusal that names the bad field, says that the place is taken, that there is no such backend, or no change.
 */
export async function setBackend(services: ManageServices, id: string, changes: unknown): Promise<Saved> {
  const given = parseInput(backendChangesSchema, changes)
  if (Object.keys(given).length === 0) {
    throw new Refusal(
      'invalid',
      '',
      `nothing to change: give at least one of ${Object.keys(backendChangesSchema.shape).join(', ')}`,
    )
  }
  const updated_at = services.clock()
  const backend = await inTransaction(services.db, async trx => {
    const row = trx.updateTable('backends').where('id', '=', id)
    // Locks the row: nobody else changes it between the look and the change.
    const { numUpdatedRows } = await row.set({ updated_at }).executeTakeFirst()
    if (numUpdatedRows === 0n) throw new Refusal('not_found', 'id', `there is no backend with the id ${id}`)
    const before = await trx.selectFrom('backends').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const after = { ...before, ...given }
    refuseDoubleAssignment(after)
    await keepPlacesUnique(after, row.set(given).execute())
    return after
  })
  await announce(services)
  return { backend, warning: warnOfPort(backend.port) }
}

/** @throws Refusal if there is no such backend. */
export async function removeBackend(services: ManageServices, id: string): Promise<void> {
  const { numDeletedRows } = await services.db.deleteFrom('backends').where('id', '=', id).executeTakeFirst()
  if (numDeletedRows === 0n) throw new Refusal('not_found', 'id', `there is no backend with the id ${id}`)
  await announce(services)
}

async function announce({ hot }: ManageServices): Promise<void> {
  await hot.announce([{ op: 'increment', key: versionKey, ttlMs: null }])
}

/** A pool is asked for by name and never by domain: a domain beside it would be a setting without effect. */
function refuseDoubleAssignment({ domain, pool }: BackendRow): void {
  if (domain !== null && pool !== null) {
    throw new Refusal(
      'invalid',
      'domain',
      'domain and pool exclude each other: a backend in a pool gets only the mailboxes assigned to it',
    )
  }
}

async function keepPlacesUnique(
  { protocol, host, port }: BackendRow,
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
