/** Rows of the operation log as text for other programs. No I/O, no clock. */
import { csvLine } from '../csv.ts'
import type { LoggedOperation } from './search.ts'

export const csvHead = csvLine([
  'time',
  'actor',
  'client_address',
  'action',
  'target',
  'result',
  'detail',
  'id',
])

/** Times as ISO 8601 in UTC, the detail as JSON. */
export const csvRow = (row: LoggedOperation): string =>
  csvLine([
    new Date(row.time).toISOString(),
    row.actor,
    row.client_address,
    row.action,
    row.target,
    row.result,
    JSON.stringify(row.detail),
    row.id,
  ])

/** One JSON object; times are UTC milliseconds. */
export const jsonRow = (row: LoggedOperation): string => `${JSON.stringify(row)}\n`
