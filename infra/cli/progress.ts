/** How far a long command has come, on standard error: on a terminal in one line, else every few seconds. */
export interface Progress {
  add(rows: number): void
  end(): void
}

const everyMs = 5_000

export function createProgress(what: string, total: number): Progress {
  const { stderr } = process
  let done = 0
  let shownAt = performance.now()
  const show = (end: string) =>
    stderr.write(`${stderr.isTTY ? '\r' : ''}${what}: ${done} of ${total} rows${end}`)
  return {
    add(rows) {
      done += rows
      if (stderr.isTTY) show('')
      else if (performance.now() - shownAt > everyMs) {
        show('\n')
        shownAt = performance.now()
      }
    },
    end() {
      show('\n')
    },
  }
}
