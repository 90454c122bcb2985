/** The auth log. */
import type { Command } from 'commander'
import { reasons } from '../../lib/login/reasons.ts'
import type { VerbResult } from '../adapter/verbs.ts'
import { call } from './call.ts'
import { type OutputOptions, print, showTime, table } from './output.ts'
import { readDuration, readNumber } from './values.ts'

interface Query {
  user?: string
  result?: string
  since?: number
  limit?: number
}

export function addLogCommands(program: Command): void {
  const log = program.command('log').description('who logged in, from where, and why not')
  log
    .command('search')
    .description('auth attempts, newest first')
    .option('--user <name>', 'of this mailbox, in any spelling')
    .option('--result <r>', 'success or failed')
    .option('--since <time>', 'not older than this, such as 1h or 7d', readDuration)
    .option('--limit <n>', 'at most so many, 1 to 10000 (default: 50)', readNumber)
    .option('--json', 'as JSON')
    .action(async ({ json, ...query }: OutputOptions & Query) => {
      print({ json }, await call('log search', query), showRows)
    })
}

function showRows(rows: VerbResult<'log search'>): string {
  const cells = rows.map(row => [
    showTime(row.time),
    row.user,
    row.protocol,
    row.client_address,
    row.result,
    [meaningOf(row.reason), countersOf(row), row.count > 1 && `× ${row.count}`].filter(Boolean).join(' '),
    row.backend ?? '',
    `${row.duration_ms} ms`,
  ])
  return table(
    ['TIME (UTC)', 'USER', 'PROTOCOL', 'FROM', 'RESULT', 'WHY', 'BACKEND', 'TOOK'],
    cells,
    'no attempts',
  )
}

/** Where the counters stood; a wrong password that comes again moves none. What lifts a refusal stands behind it. */
function countersOf({ counters, reason }: { counters: string; reason: string }): string {
  const known = Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : undefined
  if (counters !== '') return `(${counters})`
  if (known?.counts) return '(counted before)'
  return known?.remedy ? `[${known.remedy}]` : ''
}

/** A later version may have written a code that this one does not know. */
const meaningOf = (reason: string) =>
  Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons].meaning : reason
