/**
 * Which mailboxes guessing keeps strangers, or a network of their own, out of now. The hot state, which knows, cannot be
 * searched: a table says who may be locked (locked-names.ts), the hot state whether that still holds.
 */
import type { Database } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import { countMailboxes } from '../mailbox/list.ts'
import type { Settings } from '../settings/definitions.ts'
import { circleOf, lockKey } from './guessing.ts'
import { shutKey } from './strangers.ts'

export interface LockedServices {
  logDb: Database
  hot: HotState
  clock: () => number
  settings: Pick<Settings, 'auth' | 'guessing'>
}

const namesAtOnce = 500

/**
 * Mailboxes that are locked for a while, or until somebody unlocks them.
 * @throws HotStateAway
 */
export async function countLocked(services: LockedServices): Promise<number> {
  const names = await findLocked(services)
  const { user_total: guesses } = services.settings.guessing
  return countMailboxes(services.logDb, { search: '' }, { wanted: true, guesses, names })
}

/**
 * Names of mailboxes that are locked for a while.
 * @throws HotStateAway
 */
export async function findLocked(services: LockedServices): Promise<string[]> {
  const { logDb, clock } = services
  // Not all of them have a mailbox.
  const users = await logDb
    .selectFrom('locked_names')
    .innerJoin('users', 'users.name', 'locked_names.name')
    .select(['users.id', 'users.name'])
    .where('locked_names.ends_at', '>', clock())
    .execute()
  const found: string[] = []
  for (let at = 0; at < users.length; at += namesAtOnce) {
    found.push(...(await keepLocked(services, users.slice(at, at + namesAtOnce))))
  }
  return found
}

/**
 * The names of those that are locked for a while, to strangers or in one of their own networks.
 * @throws HotStateAway
 */
export async function keepLocked(
  { hot, logDb }: Pick<LockedServices, 'hot' | 'logDb'>,
  users: { id: string; name: string }[],
): Promise<Set<string>> {
  if (users.length === 0) return new Set()
  const networks = await readNetworks(logDb, users)
  const keys = users.flatMap(({ id, name }) => [
    ...[name, ...(networks.get(id) ?? []).map(network => circleOf({ name, network, familiar: true }))].map(
      circle => ({ name, key: lockKey(circle) }),
    ),
    { name, key: shutKey(name) },
  ])
  const values = await hot.apply(keys.map(({ key }) => ({ op: 'read', key }) as const))
  return new Set(keys.filter((_, i) => values[i] !== null).map(({ name }) => name))
}

async function readNetworks(logDb: Database, users: { id: string }[]): Promise<Map<string, string[]>> {
  const ids = users.map(({ id }) => id)
  const rows = await logDb
    .selectFrom('known_networks')
    .select(['user_id', 'network'])
    .where('user_id', 'in', ids)
    .execute()
  const networks = Map.groupBy(rows, ({ user_id }) => user_id)
  return new Map([...networks].map(([id, own]) => [id, own.map(({ network }) => network)]))
}
