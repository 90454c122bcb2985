/** One counted row instead of many, for attempts from banned addresses: an attack must not fill the disk. */
import type { AuthLogRow } from '../database/schema.ts'
import { minuteMs } from './times.ts'

/** Addresses of one ban that get rows of their own in a minute; the rest shares one under the ban's prefix. */
const addressesKept = 16

export interface Folding {
  /** The row to count the attempt in, by key. @param prefix the ban that the attempt fell under */
  fold(row: AuthLogRow, prefix: string): { key: string; row: AuthLogRow }
  /** The row that stands for the key, with these attempts in its count: the first one of them where there is none yet. */
  count(key: string, attempts: AuthLogRow[]): AuthLogRow
  /** Called when that row is durable. */
  keep(key: string, row: AuthLogRow): void
}

export function createFolding(): Folding {
  let minute = -1
  let addresses = new Map<string, Set<string>>()
  let rows = new Map<string, AuthLogRow>()

  return {
    fold(row, prefix) {
      const now = Math.floor(row.time / minuteMs)
      if (now !== minute) {
        minute = now
        addresses = new Map()
        rows = new Map()
      }
      const known = addresses.get(prefix) ?? new Set<string>()
      addresses.set(prefix, known)
      if (known.size < addressesKept) known.add(row.client_address)
      const place = known.has(row.client_address) ? row.client_address : prefix
      // Protocol and reason besides: the statistics count by them, and are counted again from such rows.
      return {
        key: `${now} ${prefix} ${place} ${row.protocol} ${row.reason}`,
        row: { ...row, client_address: place },
      }
    },
    count(key, attempts) {
      const known = rows.get(key)
      return { ...(known ?? attempts[0]!), count: (known?.count ?? 0) + attempts.length }
    },
    keep(key, row) {
      if (key.startsWith(`${minute} `)) rows.set(key, row)
    },
  }
}
