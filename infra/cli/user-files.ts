/** user import and user export. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { type Command, Option } from 'commander'
import { type ImportReport, mostPlain } from '../../lib/mailbox/import.ts'
import { type FileRow, type Format, formats, readRows, refuseRepeats } from '../../lib/mailbox/import-file.ts'
import { Refusal } from '../../lib/refusal.ts'
import { loadConfig } from '../../lib/runtime/config.ts'
import { call } from './call.ts'
import { countOf, type OutputOptions, print, table } from './output.ts'
import { showProgress } from './progress-bar.ts'
import { readPath } from './values.ts'

interface ImportOptions extends OutputOptions {
  format?: Format
  dryRun?: true
  allOrNothing?: true
  existing: 'skip' | 'change'
}

const aboutImport = `
CSV: the first line names the columns, in any order; or a JSON object per line. name; for new ones password, or password_hash
(bcrypt, cost 10 to 12); owner, protocols ("imap smtp"), pool, enabled. What "user export" writes can be read again. Exit code: 1
where a line was at fault.`

const formatOption = (help: string) => new Option('--format <format>', help).choices(formats)

export function addUserFileCommands(user: Command): void {
  user
    .command('import <file>')
    .description('make or change many mailboxes; - reads standard input')
    .addOption(formatOption('default: by the end of the file name, else csv'))
    .option('--dry-run', 'write nothing, print the same report')
    .option(
      '--all-or-nothing',
      'a bad line ends all of it; at most 5000 lines, 200 of them with plain passwords',
    )
    .addOption(
      new Option('--existing <what>', 'what becomes of mailboxes that are there')
        .choices(['skip', 'change'])
        .default('skip'),
    )
    .option('--json', 'the report as JSON')
    .addHelpText('after', aboutImport)
    .action(async (file: string, options: ImportOptions) => {
      const report = await importFile(file, options)
      print(options, report, showReport)
      if (report.failed > 0) process.exitCode = 1
    })

  user
    .command('export')
    .description('every mailbox to standard output, by name, without passwords')
    .addOption(formatOption('an object per line, or for spreadsheets').default('csv'))
    .action(({ format }: { format: Format }) => exportAll(format))
}

/** So few that logins on the same gateway do not wait. */
const rowsPerCall = 500

async function importFile(file: string, options: ImportOptions): Promise<ImportReport> {
  const format = options.format ?? (/\.(ndjson|jsonl)$/i.test(file) ? 'ndjson' : 'csv')
  const rows = await readFileRows(file, format)
  const pages = options.allOrNothing ? [rows] : [...paged(rows)]
  const progress = showProgress()
  let sum: ImportReport | undefined
  for (const page of pages) {
    const report = await call('user import', {
      rows: page,
      mode: options.allOrNothing ? 'all_or_nothing' : 'skip',
      existing: options.existing,
      dry_run: options.dryRun ?? false,
    })
    sum = sum ? add(sum, report) : report
    progress.show(sum.rows / rows.length, `${sum.rows} of ${rows.length} lines`)
  }
  progress.end()
  return sum!
}

async function readFileRows(file: string, format: Format): Promise<FileRow[]> {
  const content = file === '-' ? await readAll(process.stdin) : readText(readPath(file))
  const { settings } = loadConfig({ env: process.env, cwd: process.cwd() })
  const rows: FileRow[] = []
  const unrepeated = refuseRepeats(settings.auth.default_domain)
  for await (const row of readRows(format, content)) rows.push(unrepeated(row))
  return rows
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Refusal('invalid', 'file', `cannot read ${file} (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** One page at least: an empty file has a report, too. */
function* paged(rows: FileRow[]): Generator<FileRow[]> {
  let page: FileRow[] = []
  let plain = 0
  for (const row of rows) {
    const isPlain = 'fields' in row && row.fields.password !== undefined
    if (page.length === rowsPerCall || (isPlain && plain === mostPlain)) {
      yield page
      page = []
      plain = 0
    }
    page.push(row)
    if (isPlain) plain++
  }
  yield page
}

const add = (sum: ImportReport, report: ImportReport): ImportReport => ({
  ...report,
  done: sum.done || report.done,
  rows: sum.rows + report.rows,
  added: sum.added + report.added,
  changed: sum.changed + report.changed,
  skipped: sum.skipped + report.skipped,
  failed: sum.failed + report.failed,
  errors: [...sum.errors, ...report.errors],
})

function showReport({ dry_run, done, rows, added, changed, skipped, failed, errors }: ImportReport): string {
  const head = ['LINES', 'ADDED', 'CHANGED', 'THERE ALREADY', 'AT FAULT']
  const counts = table(head, [[rows, added, changed, skipped, failed].map(String)], '')
  const lines = errors.map(({ line, field, message }) => {
    const isNamed = field === '' || message.startsWith(field)
    return `line ${line}: ${isNamed ? message : `${field} ${message}`}`
  })
  const end = done ? [] : [dry_run ? 'Nothing was written: this is what would be.' : 'Nothing was written.']
  return [counts, ...lines, ...end].join('\n')
}

async function exportAll(format: Format): Promise<void> {
  const progress = showProgress()
  let written = 0
  for (let after: string | null = ''; after !== null; ) {
    const { text, rows, next }: { text: string; rows: number; next: string | null } = await call(
      'user export',
      {
        format,
        after,
      },
    )
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
    written += rows
    progress.show(null, `${written} mailboxes`)
    after = next
  }
  progress.end(countOf(written, 'mailbox').replace('mailboxs', 'mailboxes'))
}
