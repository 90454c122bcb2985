/** What people do with bans. Effective at the next attempt on every node. */
import { z } from 'zod'
import type { BanRow, Database } from '../database/schema.ts'
import { takeVersion } from '../database/version.ts'
import { newId } from '../id.ts'
import { knownVersion, parseInput } from '../input.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { announce, type BanStore, writeBans } from './insert.ts'
import { findProtected, type ProtectionServices } from './own-places.ts'
import { type Prefix, parsePrefix } from './rules.ts'
import { searchTextOf } from './search-text.ts'
import { type Ban, isInForce, prefixText, remark, toBan } from './shapes.ts'

export interface BanServices extends BanStore, RecordServices, ProtectionServices {}

const longestMs = 36_500 * 86_400_000

/** One of them, or `duration: null`, which is for ever. */
export const banEnd = {
  /** Milliseconds from now; null = for ever. */
  duration: z
    .int('must be a time such as 1h')
    .positive('must be a time such as 1h')
    .max(longestMs, 'must be at most 36500d; longer is for ever')
    .nullable()
    .optional(),
  /** UTC milliseconds; null = for ever. */
  ends_at: z.int('must be UTC milliseconds').nullable().optional(),
}
export const banForce = z.boolean('must be true or false').default(false)

export const newBanSchema = z.strictObject({
  cidr: prefixText,
  ...banEnd,
  reason: remark.min(1, 'must say why'),
  /** Also when it covers this machine, or the address that is asked from. */
  force: banForce,
})

export const banChangesSchema = z.strictObject({
  reason: remark.min(1, 'must say why').optional(),
  ...banEnd,
  /** Of the ban as it was seen; another one now = somebody else was faster. */
  version: knownVersion,
})

/**
 * @param input see `newBanSchema`
 * @throws Refusal for a bad field, or without `force` for a ban that would cover this machine or whoever asks
 */
export async function addBan(services: BanServices, input: unknown): Promise<Ban> {
  const { cidr, reason, force, ...end } = parseInput(newBanSchema, input)
  const prefix = readPrefix(cidr)
  const danger = force ? null : findProtected(services)(prefix)
  if (danger !== null)
    throw new Refusal('invalid', 'cidr', `cidr ${prefix.text} covers ${danger}; ${useForce}`)
  const starts_at = services.clock()
  const ban = newBan(services, prefix, reason, starts_at, needEnd(end, starts_at))
  const [row] = await recorded(services, 'ban add', async trx => {
    const result = await writeBans(trx, [ban])
    return { target: ban.cidr, before: null, after: describe(ban), result }
  })
  await announce(services)
  services.metrics?.banMade('manual')
  return toBan(row!, starts_at)
}

export const useForce = 'give force (--force) if you mean it'

/** A ban by hand, in the name of whoever acts. */
export function newBan(
  { actor }: Pick<BanServices, 'actor'>,
  { text: cidr }: Prefix,
  note: string,
  starts_at: number,
  ends_at: number | null,
): Omit<BanRow, 'version'> {
  const ban = { id: newId(), cidr, event_type: 'manual' as const, note, author: actor.name }
  return { ...ban, starts_at, ends_at, evidence: null, level: 0, lifted_at: null }
}

interface GivenEnd {
  duration?: number | null | undefined
  ends_at?: number | null | undefined
}

/** @throws Refusal when neither is given */
export function needEnd(given: GivenEnd, now: number): number | null {
  const end = readEnd(given, now)
  if (end !== undefined) return end
  const what = 'duration must be a time such as 1h, or null for ever; or give ends_at'
  throw new Refusal('invalid', 'duration', what)
}

/** @returns undefined when neither is given */
function readEnd({ duration, ends_at }: GivenEnd, now: number): number | null | undefined {
  if (duration !== undefined && ends_at !== undefined)
    throw new Refusal('invalid', 'duration', 'duration and ends_at exclude each other: give one of them')
  if (typeof duration === 'number') return now + duration
  if (typeof ends_at !== 'number') return duration === undefined ? ends_at : duration
  if (ends_at <= now) throw new Refusal('invalid', 'ends_at', 'ends_at must be in the future')
  if (ends_at > now + longestMs)
    throw new Refusal('invalid', 'ends_at', 'ends_at must be within 36500d; later is for ever')
  return ends_at
}

/**
 * Changes reason or end; a new duration counts from now.
 * @param input see `banChangesSchema`
 * @throws Refusal for a bad field, when there is no such ban, when it is over, or when somebody else has changed it
 */
export async function setBan(services: BanServices, idOrCidr: string, input: unknown): Promise<Ban> {
  const { reason, version, ...given } = parseInput(banChangesSchema, input)
  const now = services.clock()
  const ends_at = readEnd(given, now)
  if (reason === undefined && ends_at === undefined)
    throw new Refusal('invalid', '', 'nothing to change: give reason, duration or ends_at')
  const { id } = await showBan(services, idOrCidr)
  const row = await recorded(services, 'ban set', async trx => {
    const next = await takeVersion(trx, 'ban_version')
    const before = await trx.selectFrom('ip_blacklist').selectAll().where('id', '=', id).executeTakeFirst()
    if (!before) throw noSuchBan(id)
    if (version !== undefined && version !== before.version) {
      const what = `it has version ${before.version} now, not ${version}: look at it again`
      throw new Refusal('conflict', 'version', `somebody else has changed this ban meanwhile; ${what}`)
    }
    if (!isInForce(before, now))
      throw new Refusal('conflict', 'ban', 'this ban is over and stays as a record; add a new one')
    const changes = {
      ...(reason !== undefined && { note: reason }),
      ...(ends_at !== undefined && { ends_at }),
      version: next,
    }
    const after = { ...before, ...changes }
    const search_text = searchTextOf(after)
    await trx
      .updateTable('ip_blacklist')
      .set({ ...changes, search_text })
      .where('id', '=', id)
      .execute()
    return { target: before.cidr, before: describe(before), after: describe(after), result: after }
  })
  await announce(services)
  return toBan(row, now)
}

/** The ban with this id, or the newest of this prefix. @throws Refusal if there is none */
export async function showBan(
  services: { db: Database; clock: () => number },
  idOrCidr: string,
): Promise<Ban> {
  return toBan(await findBan(services.db, idOrCidr), services.clock())
}

async function findBan(db: Database, idOrCidr: string): Promise<BanRow> {
  const cidr = parsePrefix(idOrCidr)?.text
  const row = await db
    .selectFrom('ip_blacklist')
    .selectAll()
    .where(cidr === undefined ? 'id' : 'cidr', '=', cidr ?? idOrCidr)
    .orderBy('starts_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row) return row
  throw noSuchBan(idOrCidr)
}

const noSuchBan = (meant: string) =>
  new Refusal('not_found', 'ban', `no ban is exactly ${meant}; see which contain it: ban list ADDRESS`)

/**
 * Lifts the ban with this id, or all of this prefix, and answers those that were in force. The rows stay as a record.
 * What is over by the wall clock is announced again too: gateways go by a steady clock, and after a jump of the other
 * one they may still hold it.
 * @throws Refusal if there is none, in force or over
 */
export async function removeBan(services: BanServices, idOrCidr: string): Promise<Ban[]> {
  const { id, cidr } = await findBan(services.db, idOrCidr)
  const byCidr = parsePrefix(idOrCidr) !== null
  const readMeant = (db: Database) =>
    db
      .selectFrom('ip_blacklist')
      .selectAll()
      .where(byCidr ? 'cidr' : 'id', '=', byCidr ? cidr : id)
      .where('lifted_at', 'is', null)
      .execute()
  const now = services.clock()
  if ((await readMeant(services.db)).length === 0) return []
  const rows = await recorded(services, 'ban remove', async trx => {
    const version = await takeVersion(trx, 'ban_version')
    const meant = await readMeant(trx)
    for (const ban of meant) {
      const ends_at = ban.ends_at === null ? now : Math.min(ban.ends_at, now)
      await trx
        .updateTable('ip_blacklist')
        .set({ ends_at, lifted_at: now, version })
        .where('id', '=', ban.id)
        .execute()
    }
    return { target: cidr, before: { bans: meant.map(describe) }, after: null, result: meant }
  })
  await announce(services)
  return rows.filter(row => isInForce(row, now)).map(row => toBan(row, now))
}

/** For the operation log. */
const describe = ({ cidr, note, ends_at }: Pick<BanRow, 'cidr' | 'note' | 'ends_at'>) => {
  return { cidr, reason: note, ends_at }
}

/** @throws Refusal for what is neither an address nor a network */
export function readPrefix(text: string, field = 'cidr'): Prefix {
  const prefix = parsePrefix(text)
  if (prefix) return prefix
  throw new Refusal(
    'invalid',
    field,
    `${field} must be an address such as 192.0.2.7 or a network such as 192.0.2.0/24`,
  )
}
