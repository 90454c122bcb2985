/**
 * The policy against guessing: what is counted around one user, and what it leads to; strangers.ts has what follows for
 * their addresses. The hot state only executes. Every counter is a set of distinct digests, so the same wrong password counts once.
 *
 * A guesser belongs to a circle: the strangers to a user, or one network that the user is familiar in. Each circle has
 * its own count and its own lock, so what strangers do never shuts out the user's own phone.
 */
import type { Added, HotState, Op } from '../hot-state/port.ts'
import { memoize } from '../memoize.ts'
import type { Settings } from '../settings/definitions.ts'
import { noteLocked } from './locked-names.ts'
import {
  networkKey,
  noticeLock,
  readShut,
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
export const circleOf = ({ name, network, familiar }: Pick<Guesser, 'name' | 'network' | 'familiar'>) =>
  familiar ? `${name}\0${network}` : name

const keysOf = memoize(circle => ({
  tried: `tried:${circle}`,
  wrong: `wrong:${circle}`,
  lock: `lock:${circle}`,
}))

/** Digests that are being checked or were wrong. */
const triedKey = (circle: string) => keysOf(circle).tried
/** Digests that were wrong. */
export const wrongKey = (circle: string) => keysOf(circle).wrong
/** Holds when the lock ends, in UTC milliseconds: for people, the entry itself ends by the steady clock. */
export const lockKey = (circle: string) => keysOf(circle).lock

/** The reads that a login's first round trip makes for the guard, and how to understand their answers. */
export const guardOps = (name: string, network: string | null) =>
  [
    { op: 'read', key: lockKey(name) },
    { op: 'read', key: lockKey(circleOf({ name, network, familiar: true })) },
    { op: 'read', key: shutKey(name) },
    { op: 'read', key: networkKey(network ?? '') },
  ] as const

export function readGuard(
  [toStrangers = null, here = null, shut = null, count = null]: (string | null)[],
  { guessing }: Pick<Settings, 'guessing'>,
) {
  return {
    lockedToStrangers: toStrangers !== null,
    lockedHere: here !== null,
    shut: readShut(shut)?.reason ?? null,
    slow: Number(count) * 2 >= guessing.network_limit,
  }
}

/**
 * The first round trip takes a place for what was sent, before anybody knows what it is worth: no more than the limit
 * are ever looked at at once, over all nodes, and what is remembered to be right is no exception, or it would stand out
 * among many that are tried at one moment. Which circle it belongs to is not known yet, so it takes one in either.
 * @param remembered keys of earlier outcomes of this very string: what is known takes no place, and a lock gives none
 * @param banned whether the address seems to be: then it takes none from strangers, to whom it will not belong
 */
export const placeOps = (
  { auth }: Pick<Settings, 'auth'>,
  name: string,
  network: string | null,
  { digest, holder }: Pick<Place, 'digest' | 'holder'>,
  remembered: string[],
  banned: boolean,
) => {
  const placeIn = (circle: string, cap: number) =>
    ({
      op: 'add',
      key: triedKey(circle),
      member: digest,
      holder,
      cap,
      ttlMs: auth.fail_ttl,
      unless: [...remembered, lockKey(circle)],
    }) as const
  const { max_fail_attempts: most } = auth
  const here = circleOf({ name, network, familiar: true })
  return [placeIn(name, banned ? 0 : most), placeIn(here, most)] as const
}

/** A place that was taken, in the guesser's own circle and in the one that it turned out not to belong to. */
export interface Place {
  digest: string
  /** The attempt: others with the same string hold the place as well, and it is free when the last gives it back. */
  holder: string
  own: Added
  other: Added
}

/** What is known already counts too: at the limit nobody is told anything. */
export const isFull = ({ own }: Place, { auth }: Pick<Settings, 'auth'>) =>
  own.outcome === 'full' || (own.outcome === 'skipped' && own.count >= auth.max_fail_attempts)

/**
 * Takes a place for a string of which something is remembered that does not hold any more, and notes it in `facts`.
 * @returns whether there was one
 */
export async function takePlace(
  { hot, settings }: GuessingServices,
  facts: { guesser: Guesser; place: Place },
): Promise<boolean> {
  const { max_fail_attempts: cap, fail_ttl: ttlMs } = settings.auth
  const { digest: member, holder } = facts.place
  const circle = circleOf(facts.guesser)
  const [own] = await hot.apply([
    { op: 'add', key: triedKey(circle), member, holder, cap, ttlMs, unless: [lockKey(circle)] },
  ])
  facts.place = { ...facts.place, own }
  return own.outcome === 'added' || own.outcome === 'present'
}

/** Gives places back: the own one if the string was right, or could not be looked at; the other one always. */
export function releaseOps(
  guesser: Pick<Guesser, 'name' | 'network' | 'familiar'>,
  { digest: member, holder, own, other }: Place,
  ofOwn: boolean,
): Op[] {
  const otherCircle = circleOf({ ...guesser, familiar: !guesser.familiar })
  const release = ({ outcome }: Added, circle: string): Op[] =>
    outcome === 'added' || outcome === 'present'
      ? [{ op: 'drop', key: triedKey(circle), member, holder }]
      : []
  return [...release(other, otherCircle), ...(ofOwn ? release(own, circleOf(guesser)) : [])]
}

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
    const endsAt = services.clock() + lock_ttl
    const [locked] = await hot.apply([
      { op: 'claim', key: lockKey(circle), value: `${endsAt}`, ttlMs: lock_ttl },
      { op: 'remove', key: triedKey(circle) },
      { op: 'remove', key: wrongKey(circle) },
    ])
    if (locked) {
      noticeLock(services, guesser)
      await noteLocked(services.db, guesser.name, endsAt)
    }
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
