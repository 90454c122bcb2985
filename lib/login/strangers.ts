/** What follows from the wrong passwords of strangers: for their address and network, and for the user in the long run. */
import { raiseAlert } from '../ban/alert.ts'
import { type AutomaticBanServices, banAutomatically } from '../ban/automatic.ts'
import type { HotState, Op } from '../hot-state/port.ts'
import { countGuess, countUnknownGuess } from '../mailbox/familiar.ts'
import { type ForgetServices, forgetCopies } from '../mailbox/forget.ts'
import type { Settings } from '../settings/definitions.ts'
import type { Guesser } from './guessing.ts'
import { noteLocked } from './locked-names.ts'

export interface StrangerServices extends AutomaticBanServices, ForgetServices {
  hot: HotState
  settings: Pick<Settings, 'auth' | 'guessing'>
}

export const placeKey = (place: string) => `guesses:${place}`
export const networkKey = (network: string) => `network:${network}`
export const sprayingKey = (network: string) => `spraying:${network}`
export const stuffingKey = (name: string) => `stuffing:${name}`
/** Holds why a user is shut to strangers for a while, and until when. */
export const shutKey = (name: string) => `shut:${name}`
export type ShutReason = 'many_networks' | 'shut_to_strangers'

/** @returns null when nothing is shut; `until` in UTC milliseconds, for people */
export function readShut(value: string | null): { reason: ShutReason; until: number } | null {
  const [reason, until] = value?.split(' ') ?? []
  return reason === undefined ? null : { reason: reason as ShutReason, until: Number(until) }
}

const totalKey = (owner: string) => `total:${owner}`

/** The long count takes a password once in this time: a phone may ask with an old one for weeks. */
const onceMs = 24 * 3_600_000

/**
 * Counts a stranger's wrong password everywhere but in the user's own circle, and bans, shuts or alerts where a limit
 * is reached. @returns the counters in words
 */
export async function settleStranger(
  services: StrangerServices,
  guesser: Guesser,
  digest: string,
): Promise<string[]> {
  const counters = await countForGood(services, guesser, digest)
  const { network, place } = guesser
  return network === null || place === null
    ? counters
    : [...counters, ...(await countAddresses(services, { ...guesser, network, place }, digest))]
}

/** A name that nobody has is counted and shut likewise, though for a day only: nothing is kept of it. */
async function countForGood(services: StrangerServices, guesser: Guesser, digest: string): Promise<string[]> {
  const { accountId, name } = guesser
  const { user_total: limit } = services.settings.guessing
  const [{ outcome, count }] = await services.hot.apply([
    add(totalKey(accountId ?? name), digest, limit, onceMs),
  ])
  if (outcome === 'present') return []
  if (accountId === null) {
    await countUnknownGuess(services.db)
    if (count >= limit) {
      await shut(services, name, 'shut_to_strangers', onceMs)
      noticeLock(services, guesser)
    }
    return [`total ${count}/${limit}`]
  }
  const guesses = await countGuess(services.db, accountId)
  // Cached copies hold an older count: at the limit they have to go.
  if (guesses === limit) {
    await forgetCopies(services, name)
    raiseAlert(services, 'shut to strangers', { user: name, guesses }, 'mailbox shut to strangers')
    noticeLock(services, guesser)
  }
  return [`total ${guesses}/${limit}`]
}

async function countAddresses(
  services: StrangerServices,
  { name, network, place, shared }: Guesser & { network: string; place: string },
  digest: string,
): Promise<string[]> {
  const { guessing } = services.settings
  // What happens behind a shared address is held against none of its neighbours.
  const area = shared ? place : network
  const [address, net, spraying, stuffing] = await services.hot.apply([
    add(placeKey(place), digest, guessing.address_limit, guessing.address_window),
    add(networkKey(area), digest, guessing.network_limit, guessing.network_window),
    add(sprayingKey(area), name, guessing.spraying_limit, guessing.spraying_window),
    add(stuffingKey(name), network, guessing.stuffing_limit, guessing.stuffing_window),
  ])
  const ban = (event: 'address' | 'network' | 'spraying', cidr: string, key: string, count: number) =>
    banAutomatically(services, { event, cidr, network, place, shared, counterKey: key, count, user: name })
  if (address.count >= guessing.address_limit) await ban('address', place, placeKey(place), address.count)
  if (net.count >= guessing.network_limit) await ban('network', area, networkKey(area), net.count)
  if (spraying.count >= guessing.spraying_limit) {
    await ban('spraying', area, sprayingKey(area), spraying.count)
  }
  if (stuffing.count >= guessing.stuffing_limit) {
    await shut(services, name, 'many_networks', guessing.stuffing_window)
  }
  return [
    `address ${address.count}/${guessing.address_limit}`,
    `network ${net.count}/${guessing.network_limit}`,
    `users tried ${spraying.count}/${guessing.spraying_limit}`,
    `networks ${stuffing.count}/${guessing.stuffing_limit}`,
  ]
}

async function shut(
  services: StrangerServices,
  name: string,
  reason: ShutReason,
  ttlMs: number,
): Promise<void> {
  const endsAt = services.clock() + ttlMs
  const value = `${reason} ${endsAt}`
  const [first] = await services.hot.apply([{ op: 'claim', key: shutKey(name), value, ttlMs }])
  const alert = reason === 'many_networks' ? 'stuffing' : 'shut to strangers'
  if (!first) return
  raiseAlert(services, alert, { user: name }, 'mailbox shut to strangers for a while')
  await noteLocked(services.db, name, endsAt)
}

/** Its owner is told. A name that nobody has goes the same way, as far as the queue: a host that writes it before its answer would tell. */
export function noticeLock({ notices }: StrangerServices, { name, place, network }: Guesser): void {
  notices.add({ kind: 'locked', user: name, address: place ?? '', network: network ?? '', event: '' })
}

const add = (key: string, member: string, cap: number, ttlMs: number) =>
  ({ op: 'add', key, member, cap, ttlMs }) as const satisfies Op
