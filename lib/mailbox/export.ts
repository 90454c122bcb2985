/** Mailboxes as a file that can be imported again, without passwords and secrets. */
import { z } from 'zod'
import { csvLine } from '../csv.ts'
import { parseInput, text } from '../input.ts'
import { formats } from './import-file.ts'
import { type ListServices, mailboxFilter, readPage } from './list.ts'
import type { Mailbox } from './mailbox.ts'

export const exportQuery = mailboxFilter.extend({
  format: z.enum(formats, `must be one of ${formats.join(', ')}`).default('csv'),
  after: text().default('').describe('Of the link to the next part; empty = the first part.'),
})

export interface ExportedPart {
  text: string
  rows: number
  /** `after` of the part that follows; null = this is the last one. */
  next: string | null
}

const rowsAtOnce = 1_000
/** With a page more it stays below what a cloud function may answer, and below 4 MB. */
const enoughBytes = 2_000_000

const columns = ['name', 'owner', 'enabled', 'protocols', 'pool', 'totp', 'created_at', 'updated_at']

/** By name; the first part of a CSV file begins with the header. @throws Refusal for a bad field */
export async function exportMailboxes({ logDb }: ListServices, input: unknown): Promise<ExportedPart> {
  const { format, after, ...filter } = parseInput(exportQuery, input)
  let text = format === 'csv' && after === '' ? csvLine(columns) : ''
  let rows = 0
  let next: string | null = after
  while (next !== null && Buffer.byteLength(text) < enoughBytes) {
    const page = { ...filter, sort: 'name', order: 'asc', limit: rowsAtOnce, after: next } as const
    const { items, next: following } = await readPage(logDb, page)
    text += items.map(format === 'csv' ? csvRow : jsonRow).join('')
    rows += items.length
    next = following
  }
  return { text, rows, next }
}

/** Under the name as it was typed, which is what the backend is told. */
function csvRow({ login, owner, enabled, protocols, pool, totp, created_at, updated_at }: Mailbox): string {
  const times = [created_at, updated_at].map(time => new Date(time).toISOString())
  return csvLine([login, owner, String(enabled), protocols.join(' '), pool, totp, ...times])
}

function jsonRow({
  login: name,
  owner,
  enabled,
  protocols,
  pool,
  totp,
  created_at,
  updated_at,
}: Mailbox): string {
  return `${JSON.stringify({ name, owner, enabled, protocols, pool, totp, created_at, updated_at })}\n`
}
