/** How far something is, on standard error: on a terminal in one line, else in a line every few seconds. */

export interface Progress {
  /**
   * @param share 0 to 1; null = nobody knows
   * @param text what it is at
   */
  show(share: number | null, text: string): void
  /** @param text a line that stays */
  end(text?: string): void
}

const width = 30
const everyMs = 5_000
const clearLine = '\r\u001b[K'

export function showProgress(): Progress {
  const { stderr } = process
  let shownAt = performance.now()
  return {
    show(share, text) {
      if (!stderr.isTTY) {
        if (performance.now() < shownAt + everyMs) return
        shownAt = performance.now()
        stderr.write(`${text}\n`)
        return
      }
      const done = Math.round(Math.min(1, Math.max(0, share ?? 0)) * width)
      const bar = share === null ? '' : `${'█'.repeat(done)}${'░'.repeat(width - done)} `
      stderr.write(`${clearLine}${bar}${text}`)
    },
    end(text) {
      if (stderr.isTTY) stderr.write(clearLine)
      if (text !== undefined) stderr.write(`${text}\n`)
    },
  }
}
