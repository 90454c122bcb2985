/** Bans come into the table, and every node hears of it. */
import type { Transaction } from 'kysely'
import type { BanRow, Database, Tables } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { takeVersion } from '../database/version.ts'
import type { HotState } from '../hot-state/port.ts'
import { newId } from '../id.ts'
import type { Metrics } from '../metrics.ts'
import { bansVersionKey } from './list.ts'
import { searchTextOf } from './search-text.ts'

export interface BanStore {
  db: Database
  hot: HotState
  clock: () => number
  metrics?: Metrics
}

/** Twelve columns each: far below the 32,766 variables that one SQLite statement may have. */
const rowsPerInsert = 500

/** Inserts bans, at least one, under one version; who calls announces them when the transaction has ended. */
export async function writeBans(
  trx: Transaction<Tables>,
  bans: Omit<BanRow, 'version'>[],
): Promise<BanRow[]> {
  const version = await takeVersion(trx, 'ban_version')
  const rows = bans.map(ban => ({ ...ban, version }))
  for (let i = 0; i < rows.length; i += rowsPerInsert) {
    await trx
      .insertInto('ip_blacklist')
      .values(rows.slice(i, i + rowsPerInsert).map(row => ({ ...row, search_text: searchTextOf(row) })))
      .execute()
  }
  return rows
}

/** Inserts a ban and announces it. */
export async function insertBan(
  services: BanStore,
  ban: Omit<BanRow, 'id' | 'version' | 'lifted_at'>,
): Promise<BanRow> {
  const [row] = await insertBans(services, [{ ...ban, id: newId(), lifted_at: null }])
  services.metrics?.banMade(row!.event_type)
  return row!
}

/** Inserts bans, at least one, and announces them, all at once. */
export async function insertBans(services: BanStore, bans: Omit<BanRow, 'version'>[]): Promise<BanRow[]> {
  const rows = await inTransaction(services.db, trx => writeBans(trx, bans))
  await announce(services)
  return rows
}

/** Makes every node read the news at its next attempt. */
export async function announce({ hot }: Pick<BanStore, 'hot'>): Promise<void> {
  await hot.announce([{ op: 'increment', key: bansVersionKey, ttlMs: null }])
}
