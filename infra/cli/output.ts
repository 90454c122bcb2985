/** What commands print: JSON for programs, tables for people. */
import { styleText } from 'node:util'

export interface OutputOptions {
  json?: boolean
}

/** Prints `value` as JSON with `--json`, otherwise the text that `show` makes of it. */
export function print<T>(options: OutputOptions, value: T, show: (value: T) => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value, null, 2) : show(value)}\n`)
}

/** The text of a column, on a terminal in a colour. */
export type Cell = string | { text: string; colour: 'green' | 'yellow' | 'red' }

/** Columns aligned by the width of their longest cell; `empty` when there are no rows. */
export function table(head: string[], rows: Cell[][], empty: string): string {
  return rows.length === 0 ? empty : createColumns()([head, ...rows])
}

/** The same for rows that come one after the other: a column is as wide as its longest cell so far. */
export function createColumns(): (rows: Cell[][]) => string {
  const widths: number[] = []
  return rows => {
    for (const row of rows)
      for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(textOf(cell)))
    const align = (cell: Cell, i: number) => paint(cell) + ' '.repeat(widths[i]! - width(textOf(cell)))
    return rows.map(row => row.map(align).join('  ').trimEnd()).join('\n')
  }
}

const textOf = (cell: Cell) => harmless(typeof cell === 'string' ? cell : cell.text)

/** styleText leaves the text as it is when standard output is no terminal, or NO_COLOR is set. */
const paint = (cell: Cell) => (typeof cell === 'string' ? textOf(cell) : styleText(cell.colour, textOf(cell)))

export const countOf = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

export const showTime = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace('Z', '')

/** It can hold text of strangers: no control byte reaches the terminal. */
export const harmless = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, '?')

/** East Asian wide characters take two columns of a terminal. */
const width = (text: string) =>
  [...text].length +
  (text.match(
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g,
  )?.length ?? 0)
