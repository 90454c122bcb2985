/** Rows of the auth log, for people. */
import type { LoggedAttempt } from '../../lib/audit/pages.ts'
import { type Ending, reasons } from '../../lib/login/reasons.ts'
import { fillRemedy } from '../../lib/login/why.ts'
import { type Cell, showTime } from './output.ts'

export const logHead = ['TIME (UTC)', 'USER', 'PROTOCOL', 'FROM', 'RESULT', 'WHY', 'BACKEND', 'TOOK']

export const logCells = (row: LoggedAttempt): Cell[] => [
  showTime(row.time),
  row.user,
  row.protocol,
  row.client_address,
  { text: row.result, colour: colours[reasonOf(row)?.kind ?? 'refuse'] },
  [meaningOf(row), countersOf(row), row.count > 1 && `× ${row.count}`].filter(Boolean).join(' '),
  row.backend ?? '',
  `${row.duration_ms} ms`,
]

const colours = { accept: 'green', later: 'yellow', refuse: 'red' } as const

/** A later version may have written a code that this one does not know. */
const reasonOf = ({ reason }: LoggedAttempt): Ending | undefined =>
  Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : undefined

const meaningOf = (row: LoggedAttempt) => reasonOf(row)?.meaning ?? row.reason

/** Where the counters stood; a wrong password that comes again moves none. What lifts a refusal stands behind it. */
function countersOf(row: LoggedAttempt): string {
  const known = reasonOf(row)
  if (row.counters !== '') return `(${row.counters})`
  if (known?.counts) return '(counted before)'
  return known?.remedy ? `[${fillRemedy(known.remedy, { name: row.user, ban: banOf(row) })}]` : ''
}

/** Many addresses of one ban share a row under its prefix. */
const banOf = ({ client_address }: LoggedAttempt) =>
  client_address.includes('/') ? client_address : undefined
