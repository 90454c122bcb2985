/** Bans that counters make. They always end, they escalate, and they keep what led to them. */
import type { BanRow } from '../database/schema.ts'
import { type AlertServices, raiseAlert } from './alert.ts'
import { type BanStore, insertBan } from './insert.ts'
import { coversThisMachine } from './own-places.ts'
import { parsePrefix } from './rules.ts'

export interface AutomaticBanServices extends BanStore, AlertServices {}

interface Offence {
  event: 'address' | 'network' | 'spraying'
  /** What to ban. */
  cidr: string
  network: string
  /** The address that the last guess came from, or its /64. */
  place: string
  /** Many users share the address: an alert instead of a ban. */
  shared: boolean
  /** The counter that reached its limit; it begins anew after the ban. */
  counterKey: string
  /** Who was tried last; the row of that attempt is not written yet. */
  user: string
  count: number
}

const minuteMs = 60_000
/** One for each time that the same place was banned before, the last one from then on. */
const durations = [15 * minuteMs, 60 * minuteMs, 360 * minuteMs, 1440 * minuteMs]
/** After so long without a ban a place begins at the first duration again. */
const forgetAfterMs = 7 * 1440 * minuteMs
/** Concurrent offences of one place make one ban, or one alert. */
const onceMs = 10_000
/** As many of the users that were tried go into the evidence. */
const usersKept = 20

/** Bans the place, or only raises an alert where a ban would hit many users or this machine. */
export async function banAutomatically(services: AutomaticBanServices, offence: Offence): Promise<void> {
  const { hot } = services
  const { event, shared, counterKey, count } = offence
  // A neighbour of this machine is banned alone, not with the network that both are in.
  const cidr = coversThisMachine(parsePrefix(offence.cidr)!) ? offence.place : offence.cidr
  const [first] = await hot.apply([
    { op: 'claim', key: `banning:${event}:${cidr}`, value: 'now', ttlMs: onceMs },
  ])
  if (!first) return
  await hot.apply([{ op: 'remove', key: counterKey }])
  if (shared || coversThisMachine(parsePrefix(cidr)!)) {
    const text = 'guessing from an address that is not banned automatically'
    raiseAlert(services, event, { cidr, count, shared }, text)
    return
  }
  const level = await nextLevel(services, cidr)
  const starts_at = services.clock()
  const ends_at = starts_at + durations[Math.min(level, durations.length - 1)]!
  const users = await triedUsers(services, offence, starts_at - 60 * minuteMs)
  const evidence = JSON.stringify({
    counter: event,
    count,
    users: [...new Set([offence.user, ...users])].slice(0, usersKept),
  })
  const note = `automatic: ${event}`
  const ban = { cidr, event_type: event, note, author: 'automatic', starts_at, ends_at, evidence, level }
  const { id } = await insertBan(services, ban)
  raiseAlert(services, event, { cidr, count, banned_before: level, ends_at, ban: id }, 'banned')
}

/** A ban still in force is no earlier one: two counters may reach their limits with the same guess. */
async function nextLevel({ db, clock }: AutomaticBanServices, cidr: string): Promise<number> {
  const last: Pick<BanRow, 'level'> | undefined = await db
    .selectFrom('ip_blacklist')
    .select('level')
    .where('cidr', '=', cidr)
    .where('event_type', '!=', 'manual')
    .where('starts_at', '>', clock() - forgetAfterMs)
    .where('ends_at', '<=', clock())
    .orderBy('starts_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last ? last.level + 1 : 0
}

/** Only attempts that were counted as guesses: others fail for reasons of ours, such as a backend that is down. */
async function triedUsers(
  { db }: AutomaticBanServices,
  { network }: Offence,
  since: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('auth_log')
    .select('user')
    .distinct()
    .where('client_network', '=', network)
    .where('time', '>', since)
    .where('counters', '!=', '')
    .limit(usersKept)
    .execute()
  return rows.map(({ user }) => user)
}
