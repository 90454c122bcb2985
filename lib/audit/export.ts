/** Rows of the auth log as text for other programs. No I/O, no clock. */
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

/**
 * Spreadsheets take such a cell for a formula, in East Asia also a wide one, and strangers choose what is in the log.
 * Apostrophes before it count as ours, so that one can be taken away again.
 */
const formula = /^'*[=+\-@＝＋－＠\t\r]/
const needsQuotes = /[",\r\n]/

/** RFC 4180. What a spreadsheet would run has an apostrophe before it. */
export function csvCell(value: string | number | null): string {
  if (typeof value === 'number') return `${value}`
  const text = value === null ? '' : formula.test(value) ? `'${value}` : value
  return needsQuotes.test(text) || text !== (value ?? '') ? `"${text.replaceAll('"', '""')}"` : text
}

/** The text that `csvCell` was given. */
export const readCell = (text: string): string =>
  /^'/.test(text) && formula.test(text) ? text.slice(1) : text

export const csvLine = (cells: (string | number | null)[]) => `${cells.map(csvCell).join(',')}\r\n`

export const csvHead = csvLine([...exportColumns])

/** Times as ISO 8601 in UTC. */
export const csvRow = (row: LoggedAttempt): string =>
  csvLine(exportColumns.map(column => (column === 'time' ? new Date(row.time).toISOString() : row[column])))

/** One JSON object; times are UTC milliseconds. */
export const jsonRow = (row: LoggedAttempt): string => `${JSON.stringify(row)}\n`
