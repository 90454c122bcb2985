/** Mails to owners and administrators. */
import type { Command } from 'commander'
import type { VerbResult } from '../adapter/verbs.ts'
import { call } from './call.ts'
import { type Cell, type OutputOptions, print, showTime, table } from './output.ts'
import { readNumber } from './values.ts'

interface ListOptions extends OutputOptions {
  kind?: string
  state?: string
  recipient?: string
  after?: string
  limit?: number
}

export function addNotifyCommands(program: Command): void {
  const notify = program
    .command('notify')
    .description('mails to owners and administrators (smtp and notify settings)')

  notify
    .command('test <address>')
    .description('send a mail now, and say what the mail server answered')
    .option('--json', 'as JSON')
    .action(async (to: string, options: OutputOptions) => {
      print(
        options,
        await call('notify test', { to }),
        sent => `${sent.server} took the mail: ${sent.response}`,
      )
    })

  notify
    .command('list')
    .description('the last notices, and what became of them')
    .option('--kind <kind>', 'only totp_enrolled, locked, new_network or attack')
    .option('--state <state>', 'only waiting, sent or failed')
    .option('--recipient <address>', 'only to this address')
    .option('--after <id>', 'only older ones than this')
    .option('--limit <n>', 'so many, up to 200', readNumber)
    .option('--json', 'as JSON')
    .action(async ({ json, ...query }: ListOptions) => {
      print({ json }, await call('notify list', query), showList)
    })
}

export function addNotifyCommand(user: Command): void {
  user
    .command('notify <name> <kind>')
    .description('send the owner a notice again: totp_enrolled, locked or new_network')
    .option('--json', 'as JSON')
    .action(async (name: string, kind: string, options: OutputOptions) => {
      print(
        options,
        await call('user notify', { name, kind }),
        ({ recipient }) => `on its way to ${recipient}`,
      )
    })
}

const colours = { waiting: 'yellow', sent: 'green', failed: 'red' } as const

const showList = ({ items, next }: VerbResult<'notify list'>) => {
  const rows = items.map((row): Cell[] => [
    showTime(row.created_at),
    row.kind,
    row.recipient,
    { text: row.state, colour: colours[row.state] },
    String(row.tries),
    row.ended_at === null ? '' : showTime(row.ended_at),
    row.error,
  ])
  const all = table(['TIME', 'KIND', 'TO', 'STATE', 'TRIES', 'ENDED', 'ERROR'], rows, 'no notices')
  return next === null ? all : `${all}\nolder ones: --after ${next}`
}
