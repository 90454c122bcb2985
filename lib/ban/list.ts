/** Bans and exceptions in memory, as new as the version that a login has just read from the hot state. */
import type { BanRow, Database } from '../database/schema.ts'
import { createFollower } from '../follower.ts'
import type { BanEvent } from '../metrics.ts'
import { createPrefixMap } from './prefix-map.ts'
import { contains, type Prefix, parsePrefix } from './rules.ts'

/** Hot-state key of a count that every change of bans and exceptions raises. */
export const bansVersionKey = 'bans:version'

/** What the lists say about one address. */
export interface AddressStanding {
  /** The ban in force: an administrator's before an automatic one. */
  ban: BanRow | null
  /** Where automatic bans do not hold. */
  allowed: boolean
  /** Many users behind one address: an alert instead of an automatic ban. */
  shared: boolean
}

export interface BanList {
  /** Whether a ban holds for strangers at this address, as far as is known without asking anybody. */
  seemsBanned(address: string): boolean
  /** @param version value of `bansVersionKey`; another one than before makes the news be read first */
  standingOf(address: string, version: string | null): Promise<AddressStanding>
  /** The ban at this address and for how much longer it holds, as new as the latest `standingOf`; null = none. */
  holdingAt(address: string): { cidr: string; leftMs: number } | null
  /** Bans in force by what led to them, as new as the latest `standingOf`. */
  countInForce(): Record<BanEvent, number>
}

interface Held {
  row: BanRow
  /** On the steady clock; Infinity = for ever. */
  endsAt: number
}

interface BanListParts {
  db: Database
  /** Wall clock, UTC milliseconds. */
  clock: () => number
  /** Milliseconds that only ever go forward, at the pace of time. */
  steady: () => number
}

/**
 * Time is taken from the wall clock once, when a ban is read; from then on the steady clock counts. So a clock that
 * jumps makes no ban vanish and none last longer than it was meant to.
 */
export function createBanList({ db, clock, steady }: BanListParts): BanList {
  const bans = createPrefixMap<Held>()
  /** The same by id. */
  const all = new Map<string, Held>()
  let exceptions = createPrefixMap<'allow' | 'shared'>()
  let excepted: Prefix[] = []
  let newest = -1

  const read = async () => {
    const rows = await db
      .selectFrom('ip_blacklist')
      .selectAll()
      .where('version', '>', newest)
      .orderBy('version')
      .execute()
    const entries = await db.selectFrom('ip_exceptions').select(['id', 'cidr', 'kind']).execute()
    for (const row of rows) hold(row)
    exceptions = createPrefixMap()
    for (const { id, cidr, kind } of entries) exceptions.set(parsePrefix(cidr)!, id, kind)
    excepted = entries.map(({ cidr }) => parsePrefix(cidr)!)
  }

  const hold = (row: BanRow) => {
    newest = row.version
    const left =
      row.ends_at === null ? Infinity : Math.min(row.ends_at - clock(), row.ends_at - row.starts_at)
    if (left <= 0 || row.lifted_at !== null) return drop(row)
    const held = { row, endsAt: steady() + left }
    bans.set(parsePrefix(row.cidr)!, row.id, held)
    all.set(row.id, held)
  }

  const drop = ({ cidr, id }: BanRow) => {
    bans.delete(parsePrefix(cidr)!, id)
    all.delete(id)
  }

  const follower = createFollower(read, steady)

  const inForce = (address: string): Held | null => {
    const now = steady()
    let automatic: Held | null = null
    for (const held of bans.find(address)) {
      if (held.endsAt <= now) drop(held.row)
      else if (held.row.event_type === 'manual') return held
      else automatic = held
    }
    return automatic
  }

  return {
    seemsBanned(address) {
      const ban = inForce(address)
      return ban !== null && (ban.row.event_type === 'manual' || exceptions.find(address).length === 0)
    },

    async standingOf(address, version) {
      await follower.follow(version)
      const kinds = exceptions.find(address)
      return {
        ban: inForce(address)?.row ?? null,
        allowed: kinds.includes('allow'),
        shared: kinds.includes('shared'),
      }
    },

    holdingAt(address) {
      const ban = inForce(address)
      if (ban === null) return null
      const all = parsePrefix(ban.row.cidr)!
      // Automatic bans spare whom an exception names, who may be a part of what is banned.
      const isWhole = ban.row.event_type === 'manual' || !excepted.some(one => contains(all, one))
      return { cidr: isWhole ? ban.row.cidr : parsePrefix(address)!.text, leftMs: ban.endsAt - steady() }
    },

    countInForce() {
      const counts = { manual: 0, address: 0, network: 0, spraying: 0 }
      const now = steady()
      for (const { row, endsAt } of all.values()) if (endsAt > now) counts[row.event_type] += 1
      return counts
    },
  }
}
