/** For how long, and for whom, a refusal holds: a relay is told, so that an attack does not become a bill. */
import { networkOf } from '../ban/rules.ts'
import { type HeldReason, type Hold, heldReasons, longestHoldMs } from '../edge/hold.ts'
import { isFamiliarToAnybody } from '../mailbox/familiar.ts'
import { canonicalName } from '../mailbox/name.ts'
import type { Attempt, Decision } from './attempt.ts'
import { readLocks } from './counters.ts'
import type { Hindrance } from './reasons.ts'
import type { RecallServices } from './recall.ts'

type HoldServices = Pick<RecallServices, 'bans' | 'db' | 'hot' | 'settings'> & { clock: () => number }

/** @returns null when the next attempt may fare otherwise */
export async function findHold(
  services: HoldServices,
  { user, clientAddress }: Pick<Attempt, 'user' | 'clientAddress'>,
  decision: Decision,
): Promise<Hold | null> {
  if (decision.kind === 'accept' || !isHeld(decision.reason)) return null
  const { reason } = decision
  const network = networkOf(clientAddress)
  if (network === null) return null
  if (reason === 'banned' || reason === 'banned_automatically') {
    const ban = services.bans.holdingAt(clientAddress)
    if (ban === null) return null
    // An automatic ban spares whoever is familiar there.
    const ofUser = reason === 'banned_automatically' && (await isFamiliarToAnybody(services.db, network))
    return { reason, prefix: ban.cidr, ofUser, ms: shorten(ban.leftMs) }
  }
  const name = canonicalName(user, services.settings.auth.default_domain)
  if (name === null) return null
  const ms = await findLockLeft(services, reason, name, network)
  return ms > 0 ? { reason, prefix: network, ofUser: true, ms: shorten(ms) } : null
}

const isHeld = (reason: Hindrance): reason is HeldReason =>
  (heldReasons as readonly Hindrance[]).includes(reason)

const shorten = (ms: number) => Math.floor(Math.min(ms, longestHoldMs))

async function findLockLeft(
  services: HoldServices,
  reason: HeldReason,
  name: string,
  network: string,
): Promise<number> {
  // Until somebody unlocks it.
  if (reason === 'shut_to_strangers') return longestHoldMs
  const { locked_until, shut } = await readLocks(services, {
    name,
    network,
    familiar: reason === 'locked_here',
  })
  const until = reason === 'many_networks' ? shut?.until : locked_until
  return (until ?? 0) - services.clock()
}
