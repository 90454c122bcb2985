/** What a bench has measured: shown at once, as a run takes long and its end may never come, and at the end as a table and a file. */
import { writeFileSync } from 'node:fs'
import { table } from '../cli/output.ts'

export interface Figure {
  what: string
  /** Milliseconds. */
  median: number
  worst: number
  note: string
}

export interface Figures {
  keep(figure: Figure): void
  /** Does the work `turns` times. @param work says what came of it */
  measure(what: string, work: () => Promise<string>): Promise<void>
  /** Prints all of it, and writes it to `bench-NAME.json`. @returns the figures */
  report(name: string, about: { sql: string } & Record<string, unknown>): Figure[]
}

export function createFigures(turns: number): Figures {
  const figures: Figure[] = []

  const keep = (figure: Figure) => {
    figures.push(figure)
    const { what, median, worst, note } = figure
    process.stderr.write(`${what} ${median.toFixed(1)} / ${worst.toFixed(1)} ms, ${note}\n`)
  }

  return {
    keep,
    async measure(what, work) {
      const times: number[] = []
      let note = ''
      for (let turn = 0; turn < turns; turn++) {
        const startedAt = performance.now()
        note = await work()
        times.push(performance.now() - startedAt)
      }
      times.sort((a, b) => a - b)
      keep({ what, median: times[turns >> 1]!, worst: times.at(-1)!, note })
    },
    report(name, about) {
      const cells = figures.map(({ what, median, worst, note }) => [
        what,
        median.toFixed(1),
        worst.toFixed(1),
        note,
      ])
      console.log(table([about.sql, 'MEDIAN ms', 'WORST ms', ''], cells, ''))
      const file = `bench-${name}.json`
      writeFileSync(file, `${JSON.stringify({ node: process.version, ...about, figures }, null, 2)}\n`)
      console.log(`all figures: ${file}`)
      return figures
    },
  }
}
