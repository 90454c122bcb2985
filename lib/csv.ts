/** Tables as text for spreadsheets. No I/O, no clock. */

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

export const csvLine = (cells: (string | number | null)[]): string => `${cells.map(csvCell).join(',')}\r\n`

/** The text that `csvCell` was given. */
export const readCell = (text: string): string =>
  /^'/.test(text) && formula.test(text) ? text.slice(1) : text
