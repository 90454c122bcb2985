/** The original's blacklist. Those that are over come along as a record. */
import { z } from 'zod'
import { type BanStore, insertBans } from '../ban/insert.ts'
import { coversThisMachine } from '../ban/own-places.ts'
import { parsePrefix } from '../ban/rules.ts'
import type { BanRow } from '../database/schema.ts'
import { showText } from '../login/audit-row.ts'
import { cut, id, parseRows, skip, stableId, text, time } from './fields.ts'
import { findKnown } from './known.ts'
import type { Outcome } from './outcome.ts'

const originalBan = z.object({
  id,
  ip_address: text,
  ban_duration: text,
  event_type: text,
  created_at: time,
  expires_at: time,
  status: z
    .string('must be text')
    .toLowerCase()
    .pipe(z.enum(['active', 'expired'], 'must be active or expired')),
})
type OriginalBan = z.output<typeof originalBan>
type NewBan = Omit<BanRow, 'version'>

/** @param rows a page of the original's `blacklist` */
export async function takeBans(
  services: BanStore,
  rows: readonly unknown[],
  dryRun: boolean,
): Promise<Outcome[]> {
  const { parsed, failed } = parseRows(originalBan, rows)
  const now = services.clock()
  const read = parsed.map(row => ({ row, ban: toBan(row, now) }))
  const bans = read.flatMap(({ ban }) => (typeof ban === 'string' ? [] : [ban]))
  const ids = bans.map(ban => ban.id)
  const here = await findKnown(services.db, 'ip_blacklist', ids)
  const missing = bans.filter(ban => !here.has(ban.id))
  if (!dryRun && missing.length > 0) await insertBans(services, missing)
  return [
    ...failed,
    ...read.map(({ row, ban }): Outcome => {
      const about = cut(showText(row.ip_address), 80)
      if (typeof ban === 'string') return { ...skip(row.id, ban), about }
      return { row: row.id, kind: here.has(ban.id) ? 'here' : 'taken', about }
    }),
  ]
}

/** @returns why it cannot be one here, or the ban */
function toBan(row: OriginalBan, now: number): NewBan | string {
  const prefix = parsePrefix(row.ip_address)
  if (!prefix) return 'ip_address is no address and no network'
  const starts_at = row.created_at ?? now
  const isOver = row.status === 'expired' || (row.expires_at !== null && row.expires_at <= now)
  if (!isOver && coversThisMachine(prefix)) {
    return 'covers an address of this machine, where nginx and webmail may come from: ban add --force if it is meant'
  }
  const isForEver = ['', '0', '-1'].includes(row.ban_duration)
  if (!isOver && row.expires_at === null && !isForEver) {
    return 'has a ban_duration and no expires_at, so nobody knows when it ends: ban add --for …'
  }
  const byHand = /manual|手动|手工/i.test(row.event_type)
  return {
    id: stableId(row.created_at ?? 0, 'blacklist', row.id, row.ip_address),
    cidr: prefix.text,
    // Those of counters spare familiar networks, as ours do.
    event_type: byHand ? 'manual' : 'address',
    note: cut(`from the original MailGateway: ${showText(row.event_type) || 'no reason given'}`, 1_000),
    author: 'original',
    starts_at,
    ends_at: isOver ? Math.min(row.expires_at ?? starts_at, now) : row.expires_at,
    evidence: null,
    level: 0,
    lifted_at: null,
  }
}
