/** What people, and the counters, do with bans and exceptions. Effective at the next attempt on every node. */
import { networkInterfaces } from 'node:os'
import { z } from 'zod'
import { orChange } from '../database/dialect.ts'
import type { BanRow, Database } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { takeVersion } from '../database/version.ts'
import type { HotState } from '../hot-state/port.ts'
import { newId } from '../id.ts'
import { parseInput } from '../input.ts'
import type { Metrics } from '../metrics.ts'
import { Refusal } from '../refusal.ts'
import { bansVersionKey } from './list.ts'
import { contains, type Prefix, parsePrefix } from './rules.ts'

export interface BanServices {
  db: Database
  hot: HotState
  clock: () => number
  metrics?: Metrics
}

const text = z.string('must be text').max(1_000, 'must have at most 1000 characters')
const newBan = z.strictObject({
  cidr: z.string('must be an address or CIDR'),
  /** Milliseconds; null = for ever. */
  duration: z
    .int('must be a time such as 1h')
    .positive('must be a time such as 1h')
    .max(36_500 * 86_400_000, 'must be at most 36500d; longer is for ever')
    .nullable(),
  reason: text.min(1, 'must say why'),
  author: text.default('command line'),
  force: z.boolean().default(false),
})
const newException = z.strictObject({
  kind: z.enum(['allow', 'shared']),
  cidr: z.string('must be an address or CIDR'),
  note: text.default(''),
  author: text.default('command line'),
})

/** @throws Refusal for a bad field, or without `force` for a ban that would cover this machine */
export async function addBan(services: BanServices, input: unknown): Promise<BanRow> {
  const { cidr, duration, reason, author, force } = parseInput(newBan, input)
  const prefix = readPrefix(cidr)
  if (!force && coversThisMachine(prefix)) {
    throw new Refusal(
      'invalid',
      'cidr',
      `cidr ${prefix.text} covers an address of this machine: nginx and webmail may come from there; add --force if you mean it`,
    )
  }
  const starts_at = services.clock()
  const ends_at = duration === null ? null : starts_at + duration
  const ban = {
    cidr: prefix.text,
    event_type: 'manual' as const,
    note: reason,
    author,
    evidence: null,
    level: 0,
  }
  return insertBan(services, { ...ban, starts_at, ends_at })
}

/** Inserts a ban and announces it. */
export async function insertBan(
  services: BanServices,
  ban: Omit<BanRow, 'id' | 'version' | 'lifted_at'>,
): Promise<BanRow> {
  const [row] = await insertBans(services, [{ ...ban, id: newId(), lifted_at: null }])
  services.metrics?.banMade(row!.event_type)
  return row!
}

/** Inserts bans, at least one, and announces them, all at once. */
export async function insertBans(services: BanServices, bans: Omit<BanRow, 'version'>[]): Promise<BanRow[]> {
  const rows = await inTransaction(services.db, async trx => {
    const version = await takeVersion(trx, 'ban_version')
    const rows = bans.map(ban => ({ ...ban, version }))
    await trx.insertInto('ip_blacklist').values(rows).execute()
    return rows
  })
  await announce(services)
  return rows
}

/** Bans in force, newest first; with `all` also those that are over. `address`: only those that contain it. */
export async function listBans(
  { db, clock }: Pick<BanServices, 'db' | 'clock'>,
  { all = false, address }: { all?: boolean; address?: string } = {},
): Promise<BanRow[]> {
  const wanted = address === undefined ? null : readPrefix(address)
  const rows = await db
    .selectFrom('ip_blacklist')
    .selectAll()
    .$if(!all, query =>
      query
        .where('lifted_at', 'is', null)
        .where(eb => eb.or([eb('ends_at', 'is', null), eb('ends_at', '>', clock())])),
    )
    .orderBy('starts_at', 'desc')
    .execute()
  return wanted === null ? rows : rows.filter(({ cidr }) => contains(parsePrefix(cidr)!, wanted))
}

/** The ban with this id, or the newest of this prefix. @throws Refusal if there is none */
export async function showBan({ db }: Pick<BanServices, 'db'>, idOrCidr: string): Promise<BanRow> {
  const row = await db
    .selectFrom('ip_blacklist')
    .selectAll()
    .where(eb => eb.or([eb('id', '=', idOrCidr), eb('cidr', '=', parsePrefix(idOrCidr)?.text ?? '')]))
    .orderBy('starts_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row)
    throw new Refusal(
      'not_found',
      'ban',
      `no ban is exactly ${idOrCidr}; see which contain it: ban list ADDRESS`,
    )
  return row
}

/**
 * Lifts the ban with this id, or all of this prefix, and answers those that were in force. The rows stay as a record.
 * What is over by the wall clock is announced again too: gateways go by a steady clock, and after a jump of the other
 * one they may still hold it.
 */
export async function removeBan(services: BanServices, idOrCidr: string): Promise<BanRow[]> {
  const { id, cidr } = await showBan(services, idOrCidr)
  const byCidr = parsePrefix(idOrCidr) !== null
  const now = services.clock()
  const rows = await inTransaction(services.db, async trx => {
    const version = await takeVersion(trx, 'ban_version')
    const meant = await trx
      .selectFrom('ip_blacklist')
      .selectAll()
      .where(byCidr ? 'cidr' : 'id', '=', byCidr ? cidr : id)
      .where('lifted_at', 'is', null)
      .execute()
    for (const ban of meant) {
      const ends_at = ban.ends_at === null ? now : Math.min(ban.ends_at, now)
      await trx
        .updateTable('ip_blacklist')
        .set({ ends_at, lifted_at: now, version })
        .where('id', '=', ban.id)
        .execute()
    }
    return meant
  })
  await announce(services)
  return rows.filter(({ ends_at }) => ends_at === null || ends_at > now)
}

/** Puts an address or network on a list, in place of an older entry for it. @throws Refusal for a bad field */
export async function addException(services: BanServices, input: unknown) {
  const { cidr, ...rest } = parseInput(newException, input)
  const row = { id: newId(), cidr: readPrefix(cidr).text, ...rest, created_at: services.clock() }
  await services.db
    .insertInto('ip_exceptions')
    .values(row)
    .$call(orChange(services.db, ['kind', 'cidr'], row))
    .execute()
  await announce(services)
  return row
}

export async function listExceptions({ db }: Pick<BanServices, 'db'>, kind: 'allow' | 'shared') {
  return db.selectFrom('ip_exceptions').selectAll().where('kind', '=', kind).orderBy('cidr').execute()
}

export async function removeException(
  services: BanServices,
  kind: 'allow' | 'shared',
  cidr: string,
): Promise<void> {
  const { numDeletedRows } = await services.db
    .deleteFrom('ip_exceptions')
    .where('kind', '=', kind)
    .where('cidr', '=', readPrefix(cidr).text)
    .executeTakeFirst()
  if (numDeletedRows === 0n) throw new Refusal('not_found', 'cidr', `${cidr} is not on that list`)
  await announce(services)
}

async function announce({ hot }: BanServices): Promise<void> {
  await hot.announce([{ op: 'increment', key: bansVersionKey, ttlMs: null }])
}

function readPrefix(cidr: string): Prefix {
  const prefix = parsePrefix(cidr)
  if (prefix) return prefix
  throw new Refusal(
    'invalid',
    'cidr',
    'cidr must be an address such as 192.0.2.7 or a network such as 192.0.2.0/24',
  )
}

/** Whether a ban would hit loopback or another address of this machine. */
export function coversThisMachine(prefix: Prefix): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap(found => found ?? [])
  const own = ['127.0.0.1', '::1', ...addresses.map(({ address }) => address)].flatMap(
    text => parsePrefix(text) ?? [],
  )
  return own.some(address => contains(prefix, address)) || loopback.some(net => contains(net, prefix))
}

const loopback = [parsePrefix('127.0.0.0/8')!]
