/** import original. */
import type { Command } from 'commander'
import { loadConfig } from '../../lib/runtime/config.ts'
import type { ImportReport } from './import-original.ts'
import { type OutputOptions, print, table } from './output.ts'
import { readPassword } from './password.ts'

interface ImportOptions extends OutputOptions {
  from: string
  passwordStdin?: boolean
  dryRun?: boolean
}

const about = `
Takes mailboxes, administrators, mail servers, settings, the blacklist and both logs. It only reads the source, can be
stopped and run again at any time, and takes nothing twice: what is here already stays as it is. A running gateway goes
on answering logins. The exit code is 0 also when rows were skipped; the report says which, and why.`

export function addImportCommands(program: Command): void {
  program
    .command('import')
    .description('data of other systems')
    .command('original')
    .description('the database of the original MailGateway')
    .requiredOption(
      '--from <url>',
      'mysql://user:password@host:port/database, with ?tls=on for TLS; a user who may only read will do',
    )
    .option('--password-stdin', 'read the password of that user from standard input')
    .option('--dry-run', 'read everything, write nothing, print the same report')
    .option('--json', 'the report as JSON')
    .addHelpText('after', about)
    .action(async ({ from, passwordStdin, dryRun = false, json }: ImportOptions) => {
      const { importOriginal } = await import('./import-original.ts')
      const url = passwordStdin ? withPassword(from, await readPassword()) : from
      const config = loadConfig({ env: process.env, cwd: process.cwd() })
      print({ json }, await importOriginal(config, url, dryRun), showReport)
    })
}

/** What is no URL is told so where it is read. */
function withPassword(from: string, password: string): string {
  if (!URL.canParse(from)) return from
  const url = new URL(from)
  url.password = encodeURIComponent(password)
  return url.href
}

const nothingWritten = 'Nothing was written.'
const toCount = 'The statistics do not hold these attempts yet: mailgateway stats rebuild'

function showReport({ dryRun, tables }: ImportReport): string {
  const head = ['TABLE', 'ROWS', dryRun ? 'WOULD BE TAKEN' : 'TAKEN', 'ALREADY HERE', 'SKIPPED']
  const rows = tables.map(({ table, rows, taken, here, skipped }) =>
    rows === null ? [table, 'none', '', '', ''] : [table, ...[rows, taken, here, skipped].map(String)],
  )
  const groups = tables.flatMap(({ table, reasons, notes }) =>
    [
      ...reasons.map(group => ['skipped', group] as const),
      ...notes.map(group => ['note', group] as const),
    ].map(([kind, { text, count, examples }]) => {
      const more = count > examples.length ? ', …' : ''
      return `${table}, ${kind}, ${count} ×: ${text}\n    ${examples.join(', ')}${more}`
    }),
  )
  const isToCount = tables.some(({ table, taken }) => table === 'auth_log' && taken > 0)
  const end = dryRun ? [nothingWritten] : isToCount ? [toCount] : []
  return [table(head, rows, ''), ...groups, ...end].join('\n\n')
}
