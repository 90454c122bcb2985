/** Bans, and the addresses that automatic ones spare. */

import { readFile } from 'node:fs/promises'
import { text as readText } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Ban } from '../../lib/ban/shapes.ts'
import type { VerbResult } from '../adapter/verbs.ts'
import { call } from './call.ts'
import { countOf, type OutputOptions, print, showTime, table } from './output.ts'
import { readDuration, readPath } from './values.ts'

interface End {
  for?: number
  forever?: boolean
}

interface NewBan extends OutputOptions, End {
  reason: string
  force?: boolean
}

interface NewBans extends NewBan {
  skip?: boolean
  dryRun?: boolean
}

interface Wanted extends OutputOptions {
  all?: boolean
  expired?: boolean
  search?: string
}

/** The largest page that a verb gives. */
const pageSize = 1_000

export function addBanCommands(program: Command): void {
  const ban = program.command('ban').description('addresses that may not log in')

  ban
    .command('add <cidr>')
    .description('ban an address or network, at the next attempt on every node')
    .option('--for <time>', 'how long, such as 1h or 7d', readDuration)
    .option('--forever', 'until it is removed')
    .requiredOption('--reason <text>', 'why, for those who find it later')
    .option('--force', 'also when it covers this machine')
    .option('--json', 'as JSON')
    .action(async (cidr: string, { json, for: duration, forever, ...rest }: NewBan, command: Command) => {
      const end = needEnd({ for: duration, forever }, command)
      const added = await call('ban add', { cidr, ...end, ...rest })
      print({ json }, added, row => `banned ${row.cidr} ${showEnd(row)} (${row.id})`)
    })

  ban
    .command('list [address]')
    .description('bans in force, or only those that contain the address')
    .option('--all', 'also those that are over')
    .option('--expired', 'only those that are over')
    .option('--search <text>', 'only those with this text in prefix, reason or author')
    .option('--json', 'as JSON')
    .action(async (address: string | undefined, { json, all, expired, search }: Wanted) => {
      const state = all ? 'all' : expired ? 'expired' : 'active'
      const wanted = { state, address, search, limit: pageSize }
      print({ json }, await gather(after => call('ban list', { ...wanted, after })), showList)
    })

  ban
    .command('show <ban>')
    .description('one ban with what led to it; named by id or by its prefix')
    .option('--json', 'as JSON')
    .action(async (meant: string, options: OutputOptions) => {
      print(options, await call('ban show', { ban: meant }), showOne)
    })

  ban
    .command('set <ban>')
    .description('change reason or end of a ban in force, named by id or by its prefix')
    .option('--reason <text>', 'why, for those who find it later')
    .option('--for <time>', 'how long from now, such as 1h or 7d', readDuration)
    .option('--forever', 'until it is removed')
    .option('--json', 'as JSON')
    .action(async (meant: string, { json, for: duration, forever, reason }: Partial<NewBan>) => {
      const changes = { reason, duration: forever ? null : duration }
      const changed = await call('ban set', { ban: meant, changes })
      print({ json }, changed, row => `changed ${row.cidr}: ${showEnd(row)}, ${row.reason}`)
    })

  ban
    .command('import <file>')
    .description(
      'ban a list: one address or network per line, # begins a comment that is its reason; - reads standard input',
    )
    .option('--for <time>', 'how long, such as 1h or 7d', readDuration)
    .option('--forever', 'until they are removed')
    .requiredOption('--reason <text>', 'why, for lines without a comment')
    .option('--skip', 'pass over bad lines; without it one of them stops all')
    .option('--dry-run', 'only say what would be done')
    .option('--force', 'also what covers this machine')
    .option('--json', 'as JSON')
    .action(async (file: string, options: NewBans, command: Command) => {
      const { json, for: duration, forever, skip, dryRun: dry_run, ...rest } = options
      const end = needEnd({ for: duration, forever }, command)
      const text = file === '-' ? await readText(process.stdin) : await readFile(readPath(file), 'utf8')
      const on_error = skip ? 'skip' : 'refuse'
      const done = await call('ban import', { text, ...end, on_error, dry_run, ...rest })
      print({ json }, done, showImport)
      if (done.errors.length > 0 && !skip) process.exitCode = 1
    })

  ban
    .command('remove <ban>')
    .description('lift a ban, named by id, or all of a prefix')
    .option('--json', 'as JSON')
    .action(async (meant: string, options: OutputOptions) => {
      const lifted = await call('ban remove', { ban: meant })
      print(
        options,
        lifted,
        rows => rows.map(({ cidr }) => `lifted ${cidr}`).join('\n') || 'it was over already',
      )
    })

  addExceptionCommands(program, 'allow', 'addresses that are never banned automatically')
  addExceptionCommands(
    program,
    'shared',
    'addresses of many users, such as webmail: alerts instead of automatic bans',
  )
}

function addExceptionCommands(program: Command, kind: 'allow' | 'shared', about: string): void {
  const list = program.command(kind).description(about)
  list
    .command('add <cidr>')
    .description('put an address or network on the list')
    .option('--note <text>', 'whose it is')
    .option('--json', 'as JSON')
    .action(async (cidr: string, { json, note }: OutputOptions & { note?: string }) => {
      print({ json }, await call('exception add', { kind, cidr, note }), row => `${kind}: added ${row.cidr}`)
    })
  list
    .command('list')
    .description('the whole list')
    .option('--json', 'as JSON')
    .action(async (options: OutputOptions) => {
      const all = await gather(after => call('exception list', { kind, after, limit: pageSize }))
      print(options, all, rows =>
        table(
          ['PREFIX', 'NOTE', 'SINCE'],
          rows.map(row => [row.cidr, row.note, showTime(row.created_at)]),
          'none',
        ),
      )
    })
  list
    .command('remove <cidr>')
    .description('take it off the list')
    .option('--json', 'as JSON')
    .action(async (cidr: string, options: OutputOptions) => {
      print(options, await call('exception remove', { kind, cidr }), () => `${kind}: removed ${cidr}`)
    })
}

/** All pages of a list, one after the other. */
async function gather<Item>(
  read: (after?: string) => Promise<{ items: Item[]; next: string | null }>,
): Promise<Item[]> {
  const all: Item[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page = await read(after)
    all.push(...page.items)
    after = page.next
  }
  return all
}

function needEnd({ for: duration, forever }: End, command: Command): { duration: number | null } {
  if ((duration === undefined) !== (forever === true)) {
    command.error('error: give either --for TIME or --forever', { exitCode: 2 })
  }
  return { duration: duration ?? null }
}

function showImport({ added, duplicates, errors, dry_run }: VerbResult<'ban import'>): string {
  const lines = errors.map(({ line, message }) => `line ${line}: ${message}`)
  const known = duplicates.length > 0 ? `, ${countOf(duplicates.length, 'line')} banned already or twice` : ''
  return [
    ...lines,
    `${dry_run ? 'would ban' : 'banned'} ${added} ${added === 1 ? 'prefix' : 'prefixes'}${known}`,
  ].join('\n')
}

const showEnd = ({ ends_at }: Ban) => (ends_at === null ? 'for ever' : `until ${showTime(ends_at)}`)

const showList = (bans: Ban[]) =>
  table(
    ['PREFIX', 'SINCE', 'END', 'BY', 'WHY', 'ID'],
    bans.map(ban => [ban.cidr, showTime(ban.starts_at), showEnd(ban), ban.author, ban.reason, ban.id]),
    'no bans',
  )

function showOne(ban: Ban): string {
  const rows = [
    ['since', showTime(ban.starts_at)],
    ['end', showEnd(ban)],
    ['by', ban.author],
    ['why', ban.reason],
    ['times before', String(ban.level)],
    ['evidence', ban.evidence ? JSON.stringify(ban.evidence) : 'none, made by hand'],
    ['id', ban.id],
  ]
  return table(['ban', ban.cidr], rows, '')
}
