/** Which backends may serve a login, which of them does, and when an address counts as up or down. No I/O, no clock. */
import { hash } from 'node:crypto'
import type { BackendRow } from '../database/schema.ts'
import type { Protocol } from '../mailbox/protocols.ts'
import type { Health, Outcome } from './shapes.ts'

/** What a login asks for. `domain` is the A-label of the user's name, '' if it has none; `pool` is the user's own assignment. */
export interface Wanted {
  protocol: Protocol
  domain: string
  pool: string | null
}

/** A backend with those of its addresses that are up now. */
export interface Target {
  backend: BackendRow
  addresses: string[]
}

/** Where a login goes. `address` is an IP literal without brackets, as nginx wants it in `Auth-Server`. */
export interface Choice {
  backend: BackendRow
  address: string
  port: number
}

/** Bad checks in a row before up becomes down (`fall`), good ones before down becomes up (`rise`). */
export interface Thresholds {
  fall: number
  rise: number
}

/** The backends that hold a user's mail, in whatever state, and what makes them so. */
export interface Pool {
  by: 'pool' | 'domain' | 'open'
  members: BackendRow[]
}

/**
 * The backends that hold this user's mail: the assigned pool; else the backends of the user's domain; else the open
 * ones. A domain that has backends of its own, in whatever state, never gets an open one: its mail is not there.
 */
export function findPool(backends: BackendRow[], { protocol, domain, pool }: Wanted): Pool {
  const speaking = backends.filter(backend => backend.protocol === protocol)
  if (pool !== null) return { by: 'pool', members: speaking.filter(backend => backend.pool === pool) }
  const unreserved = speaking.filter(backend => backend.pool === null)
  const own = unreserved.filter(backend => backend.domain === domain)
  if (own.length > 0) return { by: 'domain', members: own }
  return { by: 'open', members: unreserved.filter(backend => backend.domain === null) }
}

export const isActive = ({ state }: Pick<BackendRow, 'state'>): boolean => state === 'active'

/** Whether both hold the same mailboxes. */
const areAlike = (one: BackendRow, other: BackendRow) =>
  one.protocol === other.protocol && one.pool === other.pool && one.domain === other.domain

/**
 * Whose logins have no active backend any more after a change, in words; null = nobody's.
 * @param after the same backend as it will be; null = gone
 */
export function findLeftAlone(
  backends: BackendRow[],
  before: BackendRow,
  after: BackendRow | null,
): string | null {
  if (!isActive(before) || (after !== null && isActive(after) && areAlike(before, after))) return null
  const others = backends.filter(backend => backend.id !== before.id && isActive(backend))
  if (others.some(other => areAlike(before, other))) return null
  const { protocol, pool, domain } = before
  if (pool !== null) return `${protocol} logins of pool ${pool}`
  return domain !== null ? `${protocol} logins of ${domain}` : `${protocol} logins`
}

/**
 * The same user gets the same backend and address while the set of healthy ones stays; when one joins or leaves, only
 * its share of the users moves (weighted rendezvous hashing). Only the lowest tier with a healthy backend takes part.
 * @returns null when nothing is healthy.
 */
export function chooseTarget(targets: Target[], user: string): Choice | null {
  const healthy = targets.filter(target => target.addresses.length > 0)
  const lowest = Math.min(...healthy.map(target => target.backend.tier))
  const tier = healthy.filter(target => target.backend.tier === lowest)
  const target = highest(tier, ({ backend }) => -backend.weight / Math.log(draw(user, backend.id)))
  if (target === null) return null
  const address = highest(target.addresses, candidate => draw(user, candidate))
  return address === null ? null : { backend: target.backend, address, port: target.backend.port }
}

/** A number in (0, 1), even over users and independent between keys. 48 bits: exact in a double. */
function draw(user: string, key: string): number {
  return (hash('sha1', `${user}\0${key}`, 'buffer').readUIntBE(0, 6) + 0.5) / 2 ** 48
}

function highest<Item>(items: Item[], scoreOf: (item: Item) => number): Item | null {
  // One item, the usual case, needs no hashing.
  if (items.length < 2) return items[0] ?? null
  let best: Item | null = null
  let bestScore = Number.NEGATIVE_INFINITY
  for (const item of items) {
    const score = scoreOf(item)
    if (score > bestScore) [best, bestScore] = [item, score]
  }
  return best
}

/** An address that was never checked counts as up, so that a start does not refuse the first logins. */
export function unchecked(now: number): Health {
  return { up: true, since: now, against: 0, checked_at: null, last_error: null }
}

/** What one more check makes of an address. A refusal takes it down at once, a failure after `fall` in a row. */
export function nextHealth(
  previous: Health,
  outcome: Outcome,
  { fall, rise }: Thresholds,
  now: number,
): Health {
  const good = outcome.kind === 'good'
  const against = good === previous.up ? 0 : previous.against + 1
  const needed = previous.up ? (outcome.kind === 'refused' ? 1 : fall) : rise
  const turns = against >= needed
  const up = turns ? good : previous.up
  return {
    up,
    since: turns ? now : previous.since,
    against: turns ? 0 : against,
    checked_at: now,
    last_error: good ? (up ? null : previous.last_error) : outcome.error,
  }
}

const tlsPorts: ReadonlyMap<number, number> = new Map([
  [993, 143],
  [995, 110],
  [465, 587],
])

/** A warning for a port that expects TLS from the first byte: nginx's mail proxy speaks none to backends. */
export function warnOfPort(port: number): string | null {
  const plain = tlsPorts.get(port)
  if (plain === undefined) return null
  return `port ${port} expects TLS, which nginx's mail proxy does not speak to backends; use the plain-text port, usually ${plain}`
}

/** Where backends usually listen without TLS. */
export const plainPorts: Record<Protocol, number> = { imap: 143, pop3: 110, smtp: 587 }
