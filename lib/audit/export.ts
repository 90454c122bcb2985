/** Rows of the auth log as text for other programs. No I/O, no clock. */
import { csvLine } from '../csv.ts'
import type { LoggedAttempt } from './pages.ts'

/** Those that come in a file, in this order. */
const exportColumns = [
  'time',
  'user',
  'client_address',
  'client_network',
  'protocol',
  'method',
  'tls',
  'result',
  'reason',
  'backend',
  'duration_ms',
  'attempt',
  'count',
  'counters',
  'node',
  'request_id',
] as const satisfies (keyof LoggedAttempt)[]

export const csvHead = csvLine([...exportColumns])

/** Times as ISO 8601 in UTC. */
export const csvRow = (row: LoggedAttempt): string =>
  csvLine(exportColumns.map(column => (column === 'time' ? new Date(row.time).toISOString() : row[column])))

/** One JSON object; times are UTC milliseconds. */
export const jsonRow = (row: LoggedAttempt): string => `${JSON.stringify(row)}\n`
