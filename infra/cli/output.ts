/** What commands print: JSON for programs, tables for people. */

export interface OutputOptions {
  json?: boolean
}

/** Prints `value` as JSON with `--json`, otherwise the text that `show` makes of it. */
export function print<T>(options: OutputOptions, value: T, show: (value: T) => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value, null, 2) : show(value)}\n`)
}

/** Columns aligned by the width of their longest cell; `empty` when there are no rows. */
export function table(head: string[], rows: string[][], empty: string): string {
  if (rows.length === 0) return empty
  const cells = [head, ...rows].map(row => row.map(harmless))
  const widths = head.map((_, column) => Math.max(...cells.map(row => width(row[column] ?? ''))))
  return cells
    .map(row =>
      row
        .map((cell, i) => cell + ' '.repeat(widths[i]! - width(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export const showTime = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace('Z', '')

/** It can hold text of strangers: no control byte reaches the terminal. */
export const harmless = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, '?')

/** East Asian wide characters take two columns of a terminal. */
const width = (text: string) =>
  [...text].length +
  (text.match(
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g,
  )?.length ?? 0)
