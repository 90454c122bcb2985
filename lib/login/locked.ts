/**
 * Which mailboxes guessing keeps strangers, or a network of their own, out of now. The hot state, which knows, cannot be
 * searched: the auth log says who reached a limit, the hot state whether what followed still holds.
 */
import type { Database } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import { countMailboxes } from '../mailbox/list.ts'
import { protocols } from '../mailbox/protocols.ts'
import type { Settings } from '../settings/definitions.ts'
import { circleOf, lockKey } from './guessing.ts'
import type { Hindrance } from './reasons.ts'
import { shutKey } from './strangers.ts'

export interface LockedServices {
  logDb: Database
  hot: HotState
  clock: () => number
  settings: Pick<Settings, 'auth' | 'guessing'>
}

/** What an attempt that was counted was refused with; only such a one locks. */
const counted: Hindrance[] = ['wrong_password', 'disabled', 'protocol_not_allowed']
/** Of one such reason and protocol: each costs a look at its row. */
const newest = 5_000
/** An attempt may take so long until it locks. */
const slackMs = 60_000
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
  const names = await findGuessedAt(services)
  const found: string[] = []
  for (let at = 0; at < names.length; at += namesAtOnce) {
    const some = names.slice(at, at + namesAtOnce)
    const users = await services.logDb
      .selectFrom('users')
      .select(['id', 'name'])
      .where('name', 'in', some)
      .execute()
    found.push(...(await keepLocked(services, users)))
  }
  return found
}

/** The names at which a limit was reached so lately that what followed may still hold; not all of them have a mailbox. */
async function findGuessedAt({ logDb, clock, settings }: LockedServices): Promise<string[]> {
  const { lock_ttl, max_fail_attempts: mostWrong } = settings.auth
  const { stuffing_window, stuffing_limit: mostNetworks } = settings.guessing
  const since = clock() - Math.max(lock_ttl, stuffing_window) - slackMs
  // As `settleWrong` writes them.
  const full = [`user ${mostWrong}/${mostWrong}%`, `%networks ${mostNetworks}/${mostNetworks}`]
  const looked = counted
    .flatMap(reason => protocols.map(protocol => ({ reason, protocol })))
    .map(({ reason, protocol }, i) => {
      const path = logDb
        .selectFrom('auth_log')
        .select(['user', 'counters'])
        .where('reason', '=', reason)
        .where('protocol', '=', protocol)
        .where('time', '>=', since)
        .orderBy('time', 'desc')
        .limit(newest)
      return logDb
        .selectFrom(path.as(`path_${i}`))
        .select('user')
        .where(eb => eb.or(full.map(counters => eb('counters', 'like', counters))))
    })
  const rows = await looked.reduce((all, path) => all.unionAll(path)).execute()
  return [...new Set(rows.map(({ user }) => user))]
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
