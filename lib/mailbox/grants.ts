/** Grants: strings of password and code that stay good in the network where the code was spent. */

import type { Transaction } from 'kysely'
import type { Database, GrantRow, Tables } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { newId } from '../id.ts'
import { type GrantLife, grantsAreOff, isLive } from './rules.ts'

/** A string that somebody logs in with. */
export interface Presented {
  accountId: string
  credentialVersion: number
  /** Keyed digest of the string. */
  digest: string
  network: string
}

/** Rows kept per mailbox, ended ones among them: whoever sends an old string is not taken for a guesser. */
const rowsKept = 200
const dayMs = 24 * 3_600_000

/** Every grant, ended ones too, that one of these digests ever had. @param accountId null finds none, at the same cost */
export async function readGrants(
  db: Database,
  accountId: string | null,
  digests: string[],
): Promise<GrantRow[]> {
  return db
    .selectFrom('grants')
    .selectAll()
    .where('user_id', '=', accountId ?? '')
    .where('digest', 'in', digests)
    .execute()
}

/**
 * Spends a code and grants its string, in one step: of all that come with the same step, on all nodes, one spends it.
 * Who comes too late with the same string from the same network shares the grant.
 * @returns null when the step, or a later one, was spent before
 */
export async function spendStep(
  db: Database,
  presented: Presented,
  step: number,
  now: number,
  life: GrantLife,
): Promise<GrantRow | null> {
  return inTransaction(db, async trx => {
    if (!(await lockAccount(trx, presented))) return null
    const { numUpdatedRows } = await trx
      .updateTable('users')
      .set({ totp_last_step: step })
      .where('id', '=', presented.accountId)
      .where('totp_last_step', '<', step)
      .executeTakeFirst()
    if (numUpdatedRows === 1n) return insertGrant(trx, { presented, step, roamed: 0, now })
    return findHere(await readGrants(trx, presented.accountId, [presented.digest]), presented, now, life)
  })
}

/**
 * Grants the string in one more network, as long as it is good in another one and has not opened too many today.
 * @returns null when it may not
 */
export async function roam(
  db: Database,
  presented: Presented,
  now: number,
  life: GrantLife & { grant_roam: number },
): Promise<GrantRow | null> {
  return inTransaction(db, async trx => {
    if (!(await lockAccount(trx, presented))) return null
    const grants = await readGrants(trx, presented.accountId, [presented.digest])
    const here = findHere(grants, presented, now, life)
    if (here) return here
    const origin = mayRoam(grants, presented.credentialVersion, now, life)
    return origin ? insertGrant(trx, { presented, step: origin.step, roamed: 1, now }) : null
  })
}

/**
 * Takes the row's lock by a change that changes nothing: others with this mailbox wait here.
 * @returns whether its credentials are still those that the login has looked at
 */
async function lockAccount(
  trx: Transaction<Tables>,
  { accountId, credentialVersion }: Presented,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('users')
    .set(eb => ({ totp_last_step: eb.ref('totp_last_step') }))
    .where('id', '=', accountId)
    .where('credential_version', '=', credentialVersion)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** The grant that a string could roam from; null = none, it was revoked somewhere, or it has roamed enough for a day. */
export function mayRoam(
  grants: GrantRow[],
  credentialVersion: number,
  now: number,
  life: GrantLife & { grant_roam: number },
): GrantRow | null {
  if (grantsAreOff(life) || grants.some(({ ended_at }) => ended_at !== null)) return null
  const today = grants.filter(({ roamed, created_at }) => roamed === 1 && created_at > now - dayMs)
  if (today.length >= life.grant_roam) return null
  return grants.find(grant => isLive(grant, credentialVersion, now, life)) ?? null
}

export function findHere(
  grants: GrantRow[],
  { network, credentialVersion }: Pick<Presented, 'network' | 'credentialVersion'>,
  now: number,
  life: GrantLife,
): GrantRow | null {
  const here = grants.find(grant => grant.network === network)
  return here && isLive(here, credentialVersion, now, life) ? here : null
}

/** In place of an older one of the same string in the same network. The oldest beyond `rowsKept` go. */
async function insertGrant(
  trx: Transaction<Tables>,
  { presented, step, roamed, now }: { presented: Presented; step: number; roamed: 0 | 1; now: number },
): Promise<GrantRow> {
  const { accountId: user_id, credentialVersion: credential_version, digest, network } = presented
  const times = { created_at: now, used_at: now, ended_at: null }
  const row: GrantRow = { id: newId(), user_id, digest, credential_version, network, step, roamed, ...times }
  const ofUser = trx.deleteFrom('grants').where('user_id', '=', user_id)
  await ofUser.where('digest', '=', digest).where('network', '=', network).execute()
  await trx.insertInto('grants').values(row).execute()
  const surplus = await trx
    .selectFrom('grants')
    .select('id')
    .where('user_id', '=', user_id)
    .orderBy('used_at', 'desc')
    .offset(rowsKept)
    .limit(rowsKept)
    .execute()
  if (surplus.length > 0) {
    const ids = surplus.map(({ id }) => id)
    await ofUser.where('id', 'in', ids).execute()
  }
  return row
}

/** Moves the end of its idle life. */
export async function touchGrant(db: Database, id: string, now: number): Promise<void> {
  await db.updateTable('grants').set({ used_at: now }).where('id', '=', id).execute()
}
