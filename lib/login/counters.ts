/** Where the counters and locks of guessing stand, for people who ask why. Nothing is changed by asking. */
import { z } from 'zod'
import { circleOf, type Guesser, type GuessingServices, lockKey, wrongKey } from './guessing.ts'
import { networkKey, placeKey, readShut, shutKey, sprayingKey, stuffingKey } from './strangers.ts'

type CounterServices = Pick<GuessingServices, 'hot' | 'settings'>

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

const shutSchema = z.strictObject({ reason: z.enum(['many_networks', 'shut_to_strangers']), until: z.int() })

/** Where a circle of guessers stands: the strangers, or one familiar network. */
export const circleSchema = z.strictObject({
  network: z.string().nullable().describe('null = strangers.'),
  wrong: z.int(),
  limit: z.int(),
  locked_until: z.int().nullable().describe('UTC milliseconds; null = not locked.'),
  shut: shutSchema
    .nullable()
    .optional()
    .describe('Of strangers alone: why and until when they are shut out.'),
  networks_that_guessed: z.int().optional().describe('Of strangers alone.'),
})

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

/** Where the counters of a user stand, per circle; `network` null = strangers. */
export async function readCounters(
  services: CounterServices,
  name: string,
  networks: string[],
): Promise<z.infer<typeof circleSchema>[]> {
  const { hot, settings } = services
  const limit = settings.auth.max_fail_attempts
  return Promise.all(
    [null, ...networks].map(async network => {
      const circle = { name, network, familiar: network !== null }
      const [wrong, tried] = await hot.apply([
        { op: 'read', key: wrongKey(circleOf(circle)) },
        { op: 'read', key: stuffingKey(name) },
      ])
      const { locked_until, shut } = await readLocks(services, circle)
      const own = { network, wrong: Number(wrong), limit, locked_until }
      return network === null ? { ...own, shut, networks_that_guessed: Number(tried) } : own
    }),
  )
}
