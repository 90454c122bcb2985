/**
 * The policy against guessing: what is counted around one user, and what it leads to; strangers.ts has what follows for
 * their addresses. The hot state only executes. Every counter is a set of distinct digests, so the same wrong password counts once.
 *
 * A guesser belongs to a circle: the strangers to a user, or one network that the user is familiar in. Each circle has
 * its own count and its own lock, so what strangers do never shuts out the user's own phone.
 */
import type { HotState, Op } from '../hot-state/port.ts'
import type { Settings } from '../settings/definitions.ts'
import {
  networkKey,
  type ShutReason,
  type StrangerServices,
  settleStranger,
  shutKey,
  stuffingKey,
} from './strangers.ts'

export interface GuessingServices extends StrangerServices {
  hot: HotState
  settings: Pick<Settings, 'auth' | 'guessing'>
}

/** Who tries a password, and on whom. */
export interface Guesser {
  name: string
  /** null = no such mailbox. */
  accountId: string | null
  /** /24 or /48; null when there is no address. */
  network: string | null
  /** The address itself, or its /64. */
  place: string | null
  familiar: boolean
  /** Whether automatic bans spare the address (it is allowed or shared): alerts instead. */
  shared: boolean
}

/** NUL cannot be part of a name. */
const circleOf = ({ name, network, familiar }: Pick<Guesser, 'name' | 'network' | 'familiar'>) =>
  familiar ? `${name}\0${network}` : name

/** Digests that are being checked or were wrong. */
const triedKey = (circle: string) => `tried:${circle}`
/** Digests that were wrong. */
const wrongKey = (circle: string) => `wrong:${circle}`
const lockKey = (circle: string) => `lock:${circle}`

/** The reads that a login's first round trip makes for the guard, and how to understand their answers. */
export const guardOps = (name: string, network: string | null) =>
  [
    { op: 'read', key: lockKey(name) },
    { op: 'read', key: lockKey(circleOf({ name, network, familiar: true })) },
    { op: 'read', key: shutKey(name) },
    { op: 'read', key: networkKey(network ?? '') },
  ] as const

export function readGuard(
  [toStrangers, here, shut, count]: (string | null)[],
  { guessing }: Pick<Settings, 'guessing'>,
) {
  return {
    lockedToStrangers: toStrangers !== null,
    lockedHere: here !== null,
    shut: shut as ShutReason | null,
    slow: Number(count) * 2 >= guessing.network_limit,
  }
}

/**
 * Takes one of the circle's places before a password is hashed, so that no more than the limit are ever checked at
 * once, over all nodes. @returns false when all are taken, or the circle is locked by now
 */
export async function reserve(
  services: GuessingServices,
  guesser: Guesser,
  digest: string,
): Promise<boolean> {
  const { max_fail_attempts: cap, fail_ttl: ttlMs } = services.settings.auth
  const circle = circleOf(guesser)
  const [lock, { outcome }] = await services.hot.apply([
    { op: 'read', key: lockKey(circle) },
    { op: 'add', key: triedKey(circle), member: digest, cap, ttlMs },
  ])
  if (lock === null) return outcome !== 'full'
  // It was locked after this login's guard had looked; a lock frees the places, but not for those who were on the way.
  if (outcome === 'added') await services.hot.apply([releaseOp(guesser, digest)])
  return false
}

/** Gives the place back: the password was right, or could not be checked. */
export const releaseOp = (guesser: Guesser, digest: string): Op => ({
  op: 'drop',
  key: triedKey(circleOf(guesser)),
  member: digest,
})

/**
 * Counts a password that was checked and wrong, and does what the counts lead to.
 * @returns the counters for the audit row, such as `user 3/5, address 7/20`; '' when the password was counted a moment
 *   before, as when a phone opens ten connections at once with an old one
 */
export async function settleWrong(
  services: GuessingServices,
  guesser: Guesser,
  digest: string,
): Promise<string> {
  const { hot, settings } = services
  const { max_fail_attempts, fail_ttl, lock_ttl } = settings.auth
  const circle = circleOf(guesser)
  const [user] = await hot.apply([
    { op: 'add', key: wrongKey(circle), member: digest, cap: max_fail_attempts, ttlMs: fail_ttl },
  ])
  if (user.count >= max_fail_attempts) {
    await hot.apply([
      { op: 'claim', key: lockKey(circle), value: 'locked', ttlMs: lock_ttl },
      { op: 'remove', key: triedKey(circle) },
      { op: 'remove', key: wrongKey(circle) },
    ])
  }
  const asStranger = guesser.familiar ? [] : await settleStranger(services, guesser, digest)
  if (user.outcome === 'present') return ''
  return [`user ${user.count}/${max_fail_attempts}`, ...asStranger].join(', ')
}

/** What lifts every lock and count of a user: of strangers, and of the networks the user is familiar in. */
export const unlockOps = (name: string, networks: string[]): Op[] => {
  const circles = [name, ...networks.map(network => circleOf({ name, network, familiar: true }))]
  const keys = circles.flatMap(circle => [lockKey(circle), triedKey(circle), wrongKey(circle)])
  return [...keys, shutKey(name), stuffingKey(name)].map(key => ({ op: 'remove', key }))
}

/** Where the counters of a user stand, per circle; `network` null = strangers. */
export async function readCounters({ hot, settings }: GuessingServices, name: string, networks: string[]) {
  const circles = [null, ...networks]
  const limit = settings.auth.max_fail_attempts
  return Promise.all(
    circles.map(async network => {
      const circle = circleOf({ name, network, familiar: network !== null })
      const [wrong, lock, shut, tried] = await hot.apply([
        { op: 'read', key: wrongKey(circle) },
        { op: 'read', key: lockKey(circle) },
        { op: 'read', key: shutKey(name) },
        { op: 'read', key: stuffingKey(name) },
      ])
      const own = { network, wrong: Number(wrong), limit, locked: lock !== null }
      return network === null ? { ...own, shut, networksThatGuessed: Number(tried) } : own
    }),
  )
}
