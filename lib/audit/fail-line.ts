/** One refused auth attempt as a plain line that fail2ban and CrowdSec can anchor. */
import type { AuthLogRow } from '../database/schema.ts'

/**
 * Time and address stand before any text of strangers, and that comes last, in quotes, with quotes and backslashes
 * escaped: whatever somebody calls himself, it stays the user. Its control characters were escaped when the row was
 * made. `counted=1`: a counter went up for this password; a known wrong one that comes again moves none.
 * @returns the line with its end
 */
export function describeFailure(row: AuthLogRow): string {
  const fields = [
    `address=${row.client_address || '-'}`,
    `counted=${row.counters ? 1 : 0}`,
    `protocol=${row.protocol || '-'}`,
    `reason=${row.reason}`,
    `user=${JSON.stringify(row.user)}`,
  ]
  return `${new Date(row.time).toISOString()} auth-fail ${fields.join(' ')}\n`
}
