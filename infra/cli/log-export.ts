/** The auth log as a file for other programs. */
import { once } from 'node:events'
import { csvHead, csvRow, jsonRow } from '../../lib/audit/export.ts'
import { call } from './call.ts'
import { countOf, showTime } from './output.ts'
import { showProgress } from './progress-bar.ts'

/** Few enough that logins on the same gateway do not wait for a page to be written. */
const pageSize = 1_000

/**
 * Writes every row that the query finds to standard output, newest first, a page in memory at a time. Rows that come
 * meanwhile are not in it.
 * @param query as of `log search`
 * @throws Refusal for a bad field
 */
export async function exportLog(query: { since?: number }, format: 'csv' | 'jsonl'): Promise<void> {
  const progress = showProgress()
  const rowText = format === 'csv' ? csvRow : jsonRow
  if (format === 'csv') await write(csvHead)
  let [written, newest] = [0, 0]
  for (let after: string | null | undefined; after !== null; ) {
    const { items: rows, next } = await call('log search', { ...query, after, limit: pageSize })
    await write(rows.map(rowText).join(''))
    const last = rows.at(-1)
    if (last) {
      if (written === 0) newest = rows[0]!.time
      written += rows.length
      const share = query.since === undefined ? null : (newest - last.time) / (newest - query.since)
      progress.show(share, `${written} rows, at ${showTime(last.time)} UTC`)
    }
    after = next
  }
  progress.end(countOf(written, 'row'))
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
