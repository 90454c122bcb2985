/** The auth log. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { LoggedAttempt } from '../../lib/audit/pages.ts'
import type { LogPage } from '../../lib/audit/search.ts'
import { reasons } from '../../lib/login/reasons.ts'
import { Refusal } from '../../lib/refusal.ts'
import { loadConfig } from '../../lib/runtime/config.ts'
import { askGateway, controlFile } from '../adapter/control-client.ts'
import type { VerbResult } from '../adapter/verbs.ts'
import { call } from './call.ts'
import { exportLog } from './log-export.ts'
import { logCells, logHead } from './log-rows.ts'
import { createColumns, type OutputOptions, print, table } from './output.ts'
import { readNumber, readTime } from './values.ts'

interface Filter {
  user?: string
  result?: string
}

interface Query extends Filter {
  address?: string
  protocol?: string
  method?: string
  reason?: string[]
  text?: string
  backend?: string
  since?: number
  until?: number
  after?: string
  limit: number
}

const defaultLimit = 50

export function addLogCommands(program: Command): void {
  const log = program.command('log').description('who logged in, from where, and why not')

  narrowed(log.command('search').description('auth attempts, newest first'))
    .option('--after <cursor>', 'the page behind the one that said so')
    .option('--limit <n>', 'at most so many, 1 to 10000', readNumber, defaultLimit)
    .option('--json', 'as JSON')
    .action(async ({ json, ...query }: OutputOptions & Query) => {
      const { items, next } = await search(query)
      print({ json }, items, rows => showPage(rows, next))
    })

  filtered(log.command('tail').description('auth attempts as they come, until Ctrl-C'))
    .option('--json', 'one JSON object per line')
    .addHelpText(
      'after',
      '\nAttempts of a banned address are counted in one row a minute, which is shown once.',
    )
    .action(async ({ json, ...filter }: OutputOptions & Filter) => {
      const columns = createColumns()
      if (!json) process.stdout.write(`${columns([logHead])}\n`)
      for await (const rows of follow(filter)) {
        const text = json ? rows.map(row => JSON.stringify(row)).join('\n') : columns(rows.map(logCells))
        process.stdout.write(`${text}\n`)
      }
    })

  narrowed(log.command('export').description('auth attempts, newest first, on standard output'))
    .option('--csv', 'for spreadsheets, times as ISO 8601 in UTC (default)')
    .addOption(new Option('--jsonl', 'one JSON object per line').conflicts('csv'))
    .action(async ({ csv: _, jsonl, ...query }: { csv?: true; jsonl?: true } & Omit<Query, 'limit'>) => {
      await exportLog(query, jsonl ? 'jsonl' : 'csv')
    })
}

const narrowed = (command: Command) =>
  filtered(command)
    .option('--address <cidr>', 'from this address or network, such as 192.0.2.0/24')
    .option('--protocol <p>', 'imap, pop3 or smtp')
    .option('--method <m>', 'with this auth method, such as plain')
    .addOption(new Option('--reason <code...>', 'with one of these reasons').choices(Object.keys(reasons)))
    .option('--text <part>', 'with this in user, address, reason or backend')
    .option('--backend <host:port>', 'sent to this mail server')
    .option('--since <time>', 'not older than this: 1h, 7d, or "2026-11-24 15:00" in UTC', readTime)
    .option('--until <time>', 'not newer than this', readTime)

const filtered = (command: Command) =>
  command
    .option('--user <name>', 'of this mailbox, in any spelling')
    .option('--result <r>', 'success or failed')

/** A page that ends early goes on: a person waits for it. */
async function search(query: Query): Promise<LogPage> {
  let page = await call('log search', query)
  const { items } = page
  while (page.searched_to !== null && items.length < query.limit) {
    page = await call('log search', { ...query, after: page.next, limit: query.limit - items.length })
    items.push(...page.items)
  }
  return { ...page, items }
}

function showPage(rows: LoggedAttempt[], next: string | null): string {
  const more = next === null ? '' : `\n${rows.length} shown; go on with --after ${next}`
  return `${table(logHead, rows.map(logCells), 'no attempts')}${more}`
}

const pollMs = 500

/**
 * The rows of the running gateway, each once, as they are written.
 * @throws Refusal when none runs, or no longer
 */
async function* follow(filter: Filter): AsyncGenerator<LoggedAttempt[]> {
  const { dataDir } = loadConfig({ env: process.env, cwd: process.cwd() })
  let after: VerbResult<'log tail'>['next'] | undefined
  while (true) {
    const reply = await askGateway(controlFile(dataDir), 'log tail', { ...filter, after })
    if (!reply) {
      const message = `no gateway is running with ${dataDir}; start one there, or set MAILGATEWAY_DATA_DIR`
      throw new Refusal('not_found', 'MAILGATEWAY_DATA_DIR', message)
    }
    const { rows, next, more } = reply.result as VerbResult<'log tail'>
    if (rows.length > 0) yield rows
    after = next
    if (!more) await sleep(pollMs)
  }
}
