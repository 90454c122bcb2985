/**
 * The policy against guessing administrators' passwords. As at mailboxes (lib/login/guessing.ts) what is counted are
 * distinct wrong ones, a place is taken before anything is looked at, and strangers and each familiar network are
 * circles of their own. A name that nobody has is counted and locked likewise.
 *
 * Counts live in the hot state. A lock is also in the administrator's row: it outlives a restart.
 */
import type { Database } from '../database/schema.ts'
import type { Digest } from '../digest.ts'
import type { Added, HotState, Op } from '../hot-state/port.ts'
import { circleOf } from '../login/guessing.ts'
import type { Settings } from '../settings/definitions.ts'

export interface GuessingServices {
  db: Database
  hot: HotState
  digest: Digest
  clock: () => number
  settings: Pick<Settings, 'admin' | 'guessing'>
}

/** Who tries what. */
export interface Guess {
  /** As typed, in NFC. */
  name: string
  /** null = there is nobody of that name. */
  adminId: string | null
  /** /24 or /48; null when there is no address. */
  network: string | null
  familiar: boolean
  /** When the lock in the row ends; null = there is none. */
  lockedUntil: number | null
  /** Of name, password and code. */
  digest: string
  /** The attempt. */
  holder: string
}

export type Obstacle = 'locked' | 'too_many_guesses' | 'throttled'

/** What the first step in the hot state says. */
export interface Standing {
  /** Why nothing may be looked at; null = a place was taken. */
  obstacle: Obstacle | null
  /** Failed attempts on this name since its last success, as far as they are counted. */
  failures: number
  places: Op[]
}

/** Distinct wrong passwords, at whatever names, that shut a network to strangers for a while. */
const networkLimit = 20
const networkWindowMs = 10 * 60_000
/** How long failures count for `admin.totp: after_failures`. */
const failuresMs = 24 * 3_600_000

const triedKey = (circle: string) => `admin-tried:${circle}`
const wrongKey = (circle: string) => `admin-wrong:${circle}`
const lockKey = (circle: string) => `admin-lock:${circle}`
const failuresKey = (name: string) => `admin-failures:${name}`
const networkKey = (network: string) => `admin-network:${network}`

const lockMsOf = ({ admin }: Pick<Settings, 'admin'>) => admin.lock_time * 60_000

/**
 * Takes a place for what was sent: of any number of guesses at once, over all nodes, no more than `admin.lock_errors`
 * are looked at before a lock.
 */
export async function takePlace({ hot, clock, settings }: GuessingServices, guess: Guess): Promise<Standing> {
  const { locked: locks, lock_errors } = settings.admin
  const { name, network, familiar, digest: member, holder } = guess
  const circle = circleOf(guess)
  const throttle = add(networkKey(network ?? ''), member, networkLimit, networkWindowMs, { holder })
  const place = add(triedKey(circle), member, lock_errors, lockMsOf(settings), {
    holder,
    unless: [lockKey(circle)],
  })
  const [failures, inNetwork, tried] = await hot.apply([
    { op: 'read', key: failuresKey(name) },
    throttle,
    place,
  ])
  const places = [
    ...(isTaken(inNetwork) ? [release(throttle)] : []),
    ...(isTaken(tried) ? [release(place)] : []),
  ]
  const obstacle =
    locks && (tried.outcome === 'skipped' || isLocked(guess, settings, clock()))
      ? 'locked'
      : locks && tried.outcome === 'full'
        ? 'too_many_guesses'
        : network !== null && !familiar && inNetwork.outcome === 'full'
          ? 'throttled'
          : null
  return { obstacle, failures: Number(failures), places }
}

/** A clock that was set back, or a shorter `admin.lock_time`, leaves no lock longer than that. */
function isLocked({ lockedUntil }: Guess, settings: Pick<Settings, 'admin'>, now: number): boolean {
  return lockedUntil !== null && now < lockedUntil && lockedUntil - now <= lockMsOf(settings)
}

/** Counts a failure, whatever it was: the number says nothing of whether there is such a name. @returns how many now */
export async function countFailure(
  { hot, settings }: GuessingServices,
  { name, digest }: Pick<Guess, 'name' | 'digest'>,
): Promise<number> {
  const cap = Math.max(1, settings.admin.totp_count)
  const [{ count }] = await hot.apply([add(failuresKey(name), digest, cap, failuresMs)])
  return count
}

/**
 * Counts what was looked at and wrong; its place stays taken.
 * @returns until when it has locked the circle; null = it has not
 */
export async function settleWrong(services: GuessingServices, guess: Guess): Promise<number | null> {
  const { hot, settings, clock } = services
  const { locked: locks, lock_errors } = settings.admin
  if (!locks) return null
  const circle = circleOf(guess)
  const lockMs = lockMsOf(settings)
  const [{ count }] = await hot.apply([add(wrongKey(circle), guess.digest, lock_errors, lockMs)])
  if (count < lock_errors) return null
  const until = clock() + lockMs
  const [isFirst] = await hot.apply([
    { op: 'claim', key: lockKey(circle), value: `${until}`, ttlMs: lockMs },
    ...forgetOps(circle),
  ])
  return isFirst ? until : null
}

/** A success clears what its own circle has counted; what strangers did stays where they are. */
export const successOps = (guess: Guess): Op[] => [
  ...forgetOps(circleOf(guess)),
  { op: 'remove', key: failuresKey(guess.name) },
]

/** What lifts every lock and count of a name. */
export const unlockOps = (name: string, networks: string[]): Op[] => {
  const circles = [name, ...networks.map(network => circleOf({ name, network, familiar: true }))]
  return [
    ...circles.flatMap(circle => [...forgetOps(circle), { op: 'remove', key: lockKey(circle) } as const]),
    { op: 'remove', key: failuresKey(name) },
  ]
}

const forgetOps = (circle: string) =>
  [triedKey(circle), wrongKey(circle)].map(key => ({ op: 'remove', key }) as const)

const isTaken = ({ outcome }: Added) => outcome === 'added' || outcome === 'present'

function add(
  key: string,
  member: string,
  cap: number,
  ttlMs: number,
  more: { holder?: string; unless?: string[] } = {},
) {
  return { op: 'add', key, member, cap, ttlMs, ...more } as const
}

const release = ({ key, member, holder }: { key: string; member: string; holder?: string }): Op => ({
  op: 'drop',
  key,
  member,
  ...(holder !== undefined && { holder }),
})
