/** Where the counters and locks of guessing stand, for people who ask why. Nothing is changed by asking. */
import { circleOf, type Guesser, type GuessingServices, lockKey, wrongKey } from './guessing.ts'
import { networkKey, placeKey, readShut, shutKey, sprayingKey, stuffingKey } from './strangers.ts'

export type CounterServices = Pick<GuessingServices, 'hot' | 'settings'>

/** One counter that a guess of somebody moves. */
export interface Counter {
  counter: 'user' | 'address' | 'network' | 'users tried' | 'networks'
  count: number
  limit: number
  /** Milliseconds in which it counts. */
  window: number
}

/** The counters of a guesser; those of addresses only where they are held against him. */
export async function readGuesserCounters(
  { hot, settings: { auth, guessing } }: CounterServices,
  guesser: Guesser,
): Promise<Counter[]> {
  const { name, network, place, familiar, shared } = guesser
  const counter = (counter: Counter['counter'], key: string, limit: number, window: number) => ({
    key,
    counter,
    limit,
    window,
  })
  const wanted = [counter('user', wrongKey(circleOf(guesser)), auth.max_fail_attempts, auth.fail_ttl)]
  if (!familiar && network !== null && place !== null) {
    const area = shared ? place : network
    wanted.push(
      counter('address', placeKey(place), guessing.address_limit, guessing.address_window),
      counter('network', networkKey(area), guessing.network_limit, guessing.network_window),
      counter('users tried', sprayingKey(area), guessing.spraying_limit, guessing.spraying_window),
      counter('networks', stuffingKey(name), guessing.stuffing_limit, guessing.stuffing_window),
    )
  }
  const counts = await hot.apply(wanted.map(({ key }) => ({ op: 'read', key }) as const))
  return wanted.map(({ key, ...rest }, i) => ({ ...rest, count: Number(counts[i]) }))
}

/** Until when the lock of a circle holds, and the shut of the user to strangers; UTC milliseconds, null = none. */
export async function readLocks(
  { hot }: CounterServices,
  guesser: Pick<Guesser, 'name' | 'network' | 'familiar'>,
) {
  const [lock, shut] = await hot.apply([
    { op: 'read', key: lockKey(circleOf(guesser)) },
    { op: 'read', key: shutKey(guesser.name) },
  ])
  return { locked_until: lock === null ? null : Number(lock), shut: readShut(shut) }
}
