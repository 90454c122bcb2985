/** Files of mailboxes, row by row: CSV with a header line, or an object per line. */
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CsvError, type InfoRecord, parse } from 'csv-parse'
import { readCell } from '../csv.ts'
import { Refusal } from '../refusal.ts'
import { canonicalName } from './name.ts'

/** What can be given, and what an export has besides: that is passed over. */
const given = ['name', 'password', 'password_hash', 'owner', 'protocols', 'pool', 'enabled']
const passedOver = ['totp', 'created_at', 'updated_at']
export const formats = ['csv', 'ndjson'] as const
export type Format = (typeof formats)[number]

/** A row, not looked at yet, or why there is none. */
export type FileRow =
  | { line: number; fields: Record<string, unknown> }
  | { line: number; error: { field: string; message: string } }

/** The event loop is not held for longer than so many rows take. */
export const rowsPerTurn = 200

/** @throws Refusal when it cannot be read any further; no content is repeated in it */
export async function* readRows(format: Format, content: string): AsyncGenerator<FileRow> {
  let count = 0
  for await (const row of format === 'csv' ? readCsv(content) : readLines(content)) {
    yield row
    if (++count % rowsPerTurn === 0) await nextTurn()
  }
}

const bytesAtOnce = 16_384

function* slices(content: string): Generator<Buffer> {
  // Of bytes: between characters of a text it could fall into the middle of one.
  const bytes = Buffer.from(content)
  for (let at = 0; at < bytes.length; at += bytesAtOnce) yield bytes.subarray(at, at + bytesAtOnce)
}

async function* readCsv(content: string): AsyncGenerator<FileRow> {
  const parser = parse({ bom: true, info: true, skip_empty_lines: true, relax_column_count: true })
  const source = Readable.from(slices(content)).pipe(parser)
  let columns: string[] | undefined
  try {
    for await (const { record, info } of source as AsyncIterable<{ record: string[]; info: InfoRecord }>) {
      const breaks = record.reduce((sum, cell) => sum + (cell.match(/\n/g)?.length ?? 0), 0)
      const line = info.lines - breaks
      if (columns === undefined) columns = readHeader(record)
      else if (record.length === columns.length) yield { line, fields: toFields(columns, record) }
      else
        yield {
          line,
          error: { field: '', message: `has ${record.length} cells, and the header ${columns.length}` },
        }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw unreadable(
      `line ${error.lines ?? '?'} cannot be read: a quote is not closed, or stands in the middle of a cell`,
    )
  }
  if (columns === undefined) throw unreadable(headerWanted)
}

const headerWanted = `line 1 must name the columns, of ${given.join(', ')}`
const unreadable = (why: string) => new Refusal('invalid', 'content', `content: ${why}`)

function readHeader(cells: string[]): string[] {
  const columns = cells.map(cell => cell.trim().toLowerCase())
  const odd = columns.findIndex(
    (column, i) => ![...given, ...passedOver].includes(column) || columns.indexOf(column) < i,
  )
  // It may be no header at all, so it is not repeated.
  if (odd >= 0) throw unreadable(`${headerWanted}; column ${odd + 1} is none of them, or there twice`)
  if (!columns.includes('name')) throw unreadable(`${headerWanted}; there is no name`)
  return columns
}

function toFields(columns: string[], record: string[]): Record<string, unknown> {
  const cells = new Map(columns.map((column, i) => [column, record[i]!]))
  const of = (column: string) => cells.get(column)
  const unless = (column: string, empty = '') => (of(column) === empty ? undefined : of(column))
  const owner = of('owner')
  const name = of('name')
  const enabled = unless('enabled')?.toLowerCase()
  return withoutGaps({
    name: name === undefined ? undefined : readCell(name),
    password: unless('password'),
    password_hash: unless('password_hash'),
    owner: owner === undefined ? undefined : readCell(owner),
    protocols: unless('protocols')
      ?.toLowerCase()
      .split(/[\s,;]+/),
    pool: of('pool') === '' ? null : of('pool'),
    enabled:
      enabled === 'true' || enabled === '1' ? true : enabled === 'false' || enabled === '0' ? false : enabled,
  })
}

const withoutGaps = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

function* readLines(content: string): Generator<FileRow> {
  let line = 0
  for (let at = 0; at < content.length; ) {
    const end = content.indexOf('\n', at)
    const text = content.slice(at, end < 0 ? undefined : end).replace(/^\uFEFF/, '')
    at = end < 0 ? content.length : end + 1
    line++
    if (text.trim() !== '') yield { line, ...readLine(text) }
  }
}

function readLine(text: string) {
  const notAnObject = { error: { field: '', message: 'is no JSON object' } }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return notAnObject
    const fields = Object.entries(value).filter(([key]) => !passedOver.includes(key))
    return { fields: Object.fromEntries(fields) as Record<string, unknown> }
  } catch (error) {
    if (error instanceof SyntaxError) return notAnObject
    throw error
  }
}

/** @returns what tells of a row whether its mailbox had one before */
export function refuseRepeats(defaultDomain: string): (row: FileRow) => FileRow {
  const lines = new Map<string, number>()
  return row => {
    if (!('fields' in row) || typeof row.fields.name !== 'string') return row
    const name = canonicalName(row.fields.name, defaultDomain)
    if (name === null) return row
    const before = lines.get(name)
    if (before === undefined) lines.set(name, row.line)
    return before === undefined
      ? row
      : { line: row.line, error: { field: 'name', message: `name is that of line ${before}, too` } }
  }
}
