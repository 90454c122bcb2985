/** How many mailboxes are kept from their owners by guessing, counted without a look at each. */
import type { Database } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import { circleOf, lockKey } from '../login/guessing.ts'
import { shutKey } from '../login/strangers.ts'
import type { Settings } from '../settings/definitions.ts'

export interface LockedServices {
  logDb: Database
  hot: HotState
  clock: () => number
  settings: Pick<Settings, 'auth' | 'guessing'>
}

/** An attempt that was counted; only such a one locks. */
const counted = ['wrong_password', 'disabled', 'protocol_not_allowed']
/** Looked at, the newest first: no more can be counted in hours, as each costs a hash. */
const mostRows = 5_000

/**
 * Distinct mailboxes that are locked to strangers or in a network of their own, or shut to strangers for a while or until
 * unlocked. The hot state cannot be searched: the auth log says who reached a limit, the hot state whether it still holds.
 */
export async function countLocked(services: LockedServices): Promise<number> {
  const { logDb, hot, settings } = services
  const reached = await readReached(services)
  const keys = [...reached].flatMap(([user, networks]) => [
    { user, key: lockKey(user) },
    { user, key: shutKey(user) },
    ...[...networks].map(network => ({
      user,
      key: lockKey(circleOf({ name: user, network, familiar: true })),
    })),
  ])
  const values = await hot.apply(keys.map(({ key }) => ({ op: 'read', key }) as const))
  const locked = new Set(keys.filter((_, i) => values[i] !== null).map(({ user }) => user))
  const { count } = await logDb
    .selectFrom('users')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('guesses', '>=', settings.guessing.user_total)
    .executeTakeFirstOrThrow()
  if (locked.size === 0) return Number(count)
  const both = await logDb
    .selectFrom('users')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('name', 'in', [...locked])
    .where('guesses', '>=', settings.guessing.user_total)
    .executeTakeFirstOrThrow()
  return locked.size + Number(count) - Number(both.count)
}

/** Who reached a limit so lately that what followed may still hold, and from where. */
async function readReached({ logDb, clock, settings }: LockedServices): Promise<Map<string, Set<string>>> {
  const { auth, guessing } = settings
  const since = clock() - Math.max(auth.lock_ttl, guessing.stuffing_window)
  const [user, networks] = [
    `user ${auth.max_fail_attempts}/${auth.max_fail_attempts}`,
    `networks ${guessing.stuffing_limit}/${guessing.stuffing_limit}`,
  ]
  const paths = counted.map(reason =>
    logDb
      .selectFrom(
        logDb
          .selectFrom('auth_log')
          .select(['user', 'client_network', 'counters'])
          .where('reason', '=', reason)
          .where('protocol', 'in', ['imap', 'pop3', 'smtp'])
          .where('time', '>=', since)
          .limit(mostRows)
          .as('counted'),
      )
      .select(['user', 'client_network'])
      .distinct()
      .where(eb => eb.or([eb('counters', 'like', `${user}%`), eb('counters', 'like', `%${networks}`)]))
      .execute(),
  )
  const reached = new Map<string, Set<string>>()
  for (const { user, client_network } of (await Promise.all(paths)).flat()) {
    const known = reached.get(user) ?? new Set()
    reached.set(user, client_network === '' ? known : known.add(client_network))
  }
  return reached
}
