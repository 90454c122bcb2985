/** The operation log. */
import { type Command, Option } from 'commander'
import { csvHead, csvRow, jsonRow } from '../../lib/operation/export.ts'
import type { OperationPage } from '../../lib/operation/search.ts'
import { call } from './call.ts'
import { type Cell, type OutputOptions, print, showTime, table } from './output.ts'
import { readNumber, readTime } from './values.ts'

interface Query {
  actor?: string
  action?: string
  target?: string
  result?: string
  text?: string
  since?: number
  until?: number
}

export function addOperationCommands(program: Command): void {
  const operation = program.command('operation').description('what administrators did, and were refused')

  narrowed(operation.command('list').description('operations, newest first'))
    .option('--after <cursor>', 'the page behind the one that said so')
    .option('--limit <n>', 'at most so many, 1 to 10000', readNumber, 50)
    .option('--json', 'as JSON')
    .action(async ({ json, ...query }: OutputOptions & Query & { after?: string; limit: number }) => {
      const { items, next } = await list(query)
      print({ json }, items, rows => {
        const more = next === null ? '' : `\n${rows.length} shown; go on with --after ${next}`
        return `${table(head, rows.map(cells), 'no operations')}${more}`
      })
    })

  narrowed(operation.command('export').description('operations, newest first, on standard output'))
    .option('--csv', 'for spreadsheets, times as ISO 8601 in UTC (default)')
    .addOption(new Option('--jsonl', 'one JSON object per line').conflicts('csv'))
    .action(async ({ csv: _, jsonl, ...query }: { csv?: true; jsonl?: true } & Query) => {
      const lineOf = jsonl ? jsonRow : csvRow
      if (!jsonl) process.stdout.write(csvHead)
      for (let after: string | null | undefined; after !== null; ) {
        const page: OperationPage = await call('operation list', { ...query, after, limit: 1_000 })
        process.stdout.write(page.items.map(lineOf).join(''))
        after = page.next
      }
    })
}

const narrowed = (command: Command) =>
  command
    .option('--actor <name>', 'by this administrator, or "command line"')
    .option('--action <verb>', 'of this kind, such as "user set-password"')
    .option('--target <name>', 'done to this')
    .option('--result <r>', 'success or failed')
    .option('--text <part>', 'with this somewhere')
    .option('--since <time>', 'not older than this: 1h, 7d, or "2026-11-24 15:00" in UTC', readTime)
    .option('--until <time>', 'not newer than this', readTime)

/** A page that ends early goes on: a person waits for it. */
async function list(query: Query & { after?: string; limit: number }): Promise<OperationPage> {
  let page = await call('operation list', query)
  const { items } = page
  while (page.searched_to !== null && items.length < query.limit) {
    const limit = query.limit - items.length
    page = await call('operation list', { ...query, after: page.next, limit })
    items.push(...page.items)
  }
  return { ...page, items }
}

const head = ['TIME (UTC)', 'WHO', 'FROM', 'ACTION', 'TARGET', 'RESULT', 'DETAIL']

const cells = (row: OperationPage['items'][number]): Cell[] => [
  showTime(row.time),
  row.actor,
  row.client_address,
  row.action,
  row.target,
  { text: row.result, colour: row.result === 'success' ? 'green' : 'red' },
  JSON.stringify(row.detail),
]
