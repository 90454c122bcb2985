/** How far something is, on one line of standard error; nothing where that is no terminal. */

export interface Progress {
  /**
   * @param share 0 to 1; null = nobody knows
   * @param text what it is at
   */
  show(share: number | null, text: string): void
  end(): void
}

const width = 30
const clearLine = '\r\u001b[K'

export function showProgress(): Progress {
  const write = (text: string) => process.stderr.isTTY && process.stderr.write(text)
  return {
    show(share, text) {
      const done = Math.round(Math.min(1, Math.max(0, share ?? 0)) * width)
      const bar = share === null ? '' : `${'█'.repeat(done)}${'░'.repeat(width - done)} `
      write(`${clearLine}${bar}${text}`)
    },
    end: () => void write(clearLine),
  }
}
