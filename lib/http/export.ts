/** Long logs as files: whole where the host can stream, else in parts that fit into one answer of a cloud function. */
import type { Context } from 'hono'
import { z } from 'zod'
import { cursor, type Mark, writeCursor } from '../pages.ts'

const exportFormat = z.enum(['csv', 'ndjson'], 'must be csv or ndjson')

export const exportQuery = {
  /** CSV for spreadsheets with times as ISO 8601 in UTC, or one JSON object per line. */
  format: exportFormat.default('csv'),
  /** `X-Next` of the part before. */
  after: cursor.optional(),
}

export interface Export<Row> {
  /** Of the file, without its ending. */
  name: string
  format: z.infer<typeof exportFormat>
  csvHead: string
  csvRow(row: Row): string
  jsonRow(row: Row): string
  markOf(row: Row): Mark
  /** Where to begin. */
  after: string | undefined
  read(after: string | undefined, limit: number): Promise<{ items: Row[]; next: string | null }>
}

/** Few enough that logins on the same gateway do not wait for a page to be written. */
const pageSize = 1_000
const mostBytes = 4_000_000
/** Of an answer that is not streamed: it may have to look at many rows for few. */
const mostMs = 5_000

const types = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson' }

/**
 * Newest first; rows that come meanwhile are not in it. The head of a CSV stands in the first part only, so parts can be
 * put together. A part that is not the last one has `X-Next`, and a `Link` to the next.
 * @param stopping ends a stream without its end; absent = this host cannot stream
 */
export async function answerExport<Row>(
  c: Context,
  stopping: AbortSignal | undefined,
  file: Export<Row>,
): Promise<Response> {
  // Read before anything is sent: what is refused, or away, still gets its own answer.
  const first = await file.read(file.after, pageSize)
  const headers = {
    'Content-Type': types[file.format],
    'Content-Disposition': `attachment; filename="${file.name}.${file.format}"`,
    'Cache-Control': 'no-store',
  }
  if (stopping) return new Response(streamOf(file, first, stopping), { headers })
  const { text, next } = await gather(file, first)
  return new Response(text, { headers: { ...headers, ...(next !== null && linkTo(c, next)) } })
}

type Page<Row> = Awaited<ReturnType<Export<Row>['read']>>

const headOf = ({ format, after, csvHead }: Export<never>) =>
  format === 'csv' && after === undefined ? csvHead : ''

function streamOf<Row>(file: Export<Row>, first: Page<Row>, stopping: AbortSignal): ReadableStream {
  const lineOf = file.format === 'csv' ? file.csvRow : file.jsonRow
  const encoder = new TextEncoder()
  let page: Page<Row> | null = first
  let from: string | undefined
  let text = headOf(file as Export<never>)
  let isWanted = true
  return new ReadableStream(
    {
      // Called when the client has taken what came before; between two pages nothing is held.
      async pull(controller) {
        while (isWanted) {
          if (stopping.aborted) throw new Error('the gateway stops')
          const { items, next } = page ?? (await file.read(from, pageSize))
          page = null
          text += items.map(lineOf).join('')
          if (text !== '') controller.enqueue(encoder.encode(text))
          if (next === null) return controller.close()
          from = next
          if (text !== '') break
        }
        text = ''
      },
      cancel() {
        isWanted = false
      },
    },
    { highWaterMark: 0 },
  )
}

async function gather<Row>(file: Export<Row>, first: Page<Row>) {
  const lineOf = file.format === 'csv' ? file.csvRow : file.jsonRow
  const endsAt = performance.now() + mostMs
  const lines = [headOf(file as Export<never>)]
  let bytes = 0
  let last = file.after ?? null
  for (let page = first; ; page = await file.read(page.next!, pageSize)) {
    for (const row of page.items) {
      const line = lineOf(row)
      bytes += Buffer.byteLength(line)
      if (bytes > mostBytes) return { text: lines.join(''), next: last }
      lines.push(line)
      last = writeCursor(file.markOf(row))
    }
    last = page.next
    if (page.next === null || performance.now() > endsAt) return { text: lines.join(''), next: page.next }
  }
}

/** What tells of the part that follows. */
export function linkTo(c: Context, next: string): Record<string, string> {
  const { pathname, searchParams } = new URL(c.req.url)
  searchParams.set('after', next)
  return { 'X-Next': next, Link: `<${pathname}?${searchParams}>; rel="next"` }
}
