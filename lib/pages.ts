/** Long logs page by page, newest first, by key: a page costs the same however deep it is. No I/O, no clock. */
import { z } from 'zod'

/** The place of a row in a log. */
export interface Mark {
  /** UTC milliseconds. */
  time: number
  /** Orders those of one time. */
  id: string
}

const form = /^(\d{1,16})\.([\w-]{1,36})$/

/** What stands in `next` of a page and is sent back as `after`. */
export const cursor = z
  .string('must be `next` of the page before')
  .regex(form, 'must be `next` of the page before')

export const writeCursor = ({ time, id }: Mark): string => `${time}.${id}`

/** @param text of the schema `cursor` */
export function readCursor(text: string): Mark {
  const [, time, id] = form.exec(text)!
  return { time: Number(time), id: id! }
}

export const isBefore = (a: Mark, b: Mark): boolean => a.time < b.time || (a.time === b.time && a.id < b.id)

/** Some rows in their order; `end` = where they end, null when there are no more behind them. */
export interface Stretch<Row> {
  rows: Row[]
  end: Mark | null
}

export interface Found<Row> {
  rows: Row[]
  /** Where to go on; null = that was all. */
  next: Mark | null
  /** Whether it stopped because it had looked at enough rows, with fewer found than there may be. */
  stopped: boolean
}

interface Search<Row> {
  /** Reads the rows behind a place; null = from the newest on. */
  read(after: Mark | null, limit: number): Promise<Stretch<Row>>
  markOf(row: Row): Mark
  /** What a row must be besides what `read` sees to; null = nothing. */
  holds: ((row: Row) => boolean) | null
  after: Mark | null
  limit: number
}

/** Rows are read in so many at once where only some are wanted: few enough for logins not to wait meanwhile. */
const leastRead = 500
const mostRead = 1_000
/** Looked at for one page: a fifth of a second or so. */
const mostLookedAt = 10_000

/** Reads on until the page is full, the log has ended, or enough rows were looked at. */
export async function searchPages<Row>({
  read,
  markOf,
  holds,
  after,
  limit,
}: Search<Row>): Promise<Found<Row>> {
  // One more says whether there is a next page.
  const size = holds ? Math.min(mostRead, Math.max(leastRead, limit + 1)) : limit + 1
  const found: Row[] = []
  let looked = 0
  for (let from = after; ; ) {
    const { rows, end } = await read(from, size)
    for (const row of rows) {
      if (holds && !holds(row)) continue
      if (found.length === limit) return { rows: found, next: markOf(found.at(-1)!), stopped: false }
      found.push(row)
    }
    looked += rows.length
    if (end === null || found.length === limit) return { rows: found, next: end, stopped: false }
    if (holds && looked >= mostLookedAt) return { rows: found, next: end, stopped: true }
    from = end
  }
}
