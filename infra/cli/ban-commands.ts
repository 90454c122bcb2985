/** Bans, and the addresses that automatic ones spare. */
import type { Command } from 'commander'
import type { BanRow } from '../../lib/database/schema.ts'
import { call } from './call.ts'
import { type OutputOptions, print, showTime, table } from './output.ts'
import { readDuration } from './values.ts'

interface NewBan extends OutputOptions {
  for?: number
  forever?: boolean
  reason: string
  force?: boolean
}

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
      if ((duration === undefined) !== (forever === true)) {
        command.error('error: give either --for TIME or --forever', { exitCode: 2 })
      }
      const added = await call('ban add', { cidr, duration: duration ?? null, ...rest })
      print({ json }, added, row => `banned ${row.cidr} ${showEnd(row)} (${row.id})`)
    })

  ban
    .command('list [address]')
    .description('bans in force, or only those that contain the address')
    .option('--all', 'also those that are over')
    .option('--json', 'as JSON')
    .action(async (address: string | undefined, { json, all }: OutputOptions & { all?: boolean }) => {
      print({ json }, await call('ban list', { all, address }), showList)
    })

  ban
    .command('show <ban>')
    .description('one ban with what led to it; named by id or by its prefix')
    .option('--json', 'as JSON')
    .action(async (meant: string, options: OutputOptions) => {
      print(options, await call('ban show', { ban: meant }), showOne)
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
      print(options, await call('exception list', { kind }), rows =>
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

const showEnd = ({ ends_at }: BanRow) => (ends_at === null ? 'for ever' : `until ${showTime(ends_at)}`)

const showList = (bans: BanRow[]) =>
  table(
    ['PREFIX', 'SINCE', 'END', 'BY', 'WHY', 'ID'],
    bans.map(ban => [ban.cidr, showTime(ban.starts_at), showEnd(ban), ban.author, ban.note, ban.id]),
    'no bans',
  )

function showOne(ban: BanRow): string {
  const rows = [
    ['since', showTime(ban.starts_at)],
    ['end', showEnd(ban)],
    ['by', ban.author],
    ['why', ban.note],
    ['times before', String(ban.level)],
    ['evidence', ban.evidence ?? 'none, made by hand'],
    ['id', ban.id],
  ]
  return table(['ban', ban.cidr], rows, '')
}
