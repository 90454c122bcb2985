/** One counted row instead of many, for attempts from banned addresses: an attack must not fill the disk. */
import type { AuthLogRow } from '../database/schema.ts'

/** Addresses of one ban that get rows of their own in a minute; the rest shares one under the ban's prefix. */
const addressesKept = 16
const minuteMs = 60_000

export interface Folding {
  /** The row to count the attempt in, by key. @param prefix the ban that the attempt fell under */
  fold(row: AuthLogRow, prefix: string): { key: string; row: AuthLogRow }
  /** The request id of the row that stands for the key in the database; undefined = none yet. */
  rowOf(key: string): string | undefined
  /** Called when the row is durable. */
  keep(key: string, requestId: string): void
}

export function createFolding(): Folding {
  let minute = -1
  let addresses = new Map<string, Set<string>>()
  let rows = new Map<string, string>()

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
    rowOf: key => rows.get(key),
    keep(key, requestId) {
      if (key.startsWith(`${minute} `)) rows.set(key, requestId)
    },
  }
}
