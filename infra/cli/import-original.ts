/** Takes over the original's database, page by page, through the running gateway or on the database itself. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OriginalTable, openOriginal, originalTables } from '../../lib/database/original.ts'
import { createTally, type TableReport } from '../../lib/original/outcome.ts'
import { rowsPerPage } from '../../lib/original/take.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { askGateway, controlFile } from '../adapter/control-client.ts'
import type { VerbResult } from '../adapter/verbs.ts'
import { type Local, openLocal } from './local.ts'
import { showProgress } from './progress-bar.ts'

export interface ImportReport {
  dryRun: boolean
  tables: TableReport[]
}

type Outcomes = VerbResult<'import original'>

/**
 * Can be stopped at any time and run again: a page is in as a whole or not at all, and nothing is taken twice.
 * @throws OriginalUnusable, Refusal, ConfigError, or the error of a part that failed
 */
export async function importOriginal(config: Config, from: string, dryRun: boolean): Promise<ImportReport> {
  const original = await openOriginal(from)
  try {
    const target = createTarget(config, dryRun)
    try {
      const tables: TableReport[] = []
      for (const table of originalTables) {
        const rows = await original.count(table)
        const tally = createTally(table, rows)
        const progress = showProgress()
        let done = 0
        const text = () => `${table}: ${done} of ${rows} rows`
        for await (const page of original.pages(table, rowsPerPage)) {
          tally.add(await target.take(table, page))
          done += page.length
          progress.show(done / rows!, text())
        }
        progress.end(rows === null ? undefined : text())
        tables.push(tally.report())
      }
      return { dryRun, tables }
    } finally {
      await target.close()
    }
  } finally {
    await original.close()
  }
}

interface Target {
  take(table: OriginalTable, rows: unknown[]): Promise<Outcomes>
  close(): Promise<void>
}

/** Asks the gateway while one runs; when none does, the database is opened and kept until the end. */
function createTarget(config: Config, dryRun: boolean): Target {
  let local: Local | undefined
  let trial: string | undefined
  return {
    async take(table, rows) {
      const input = { table, rows, dryRun }
      if (!local) {
        const reply = await askGateway(controlFile(config.dataDir), 'import original', input)
        if (reply) return reply.result as Outcomes
        // Looking at an empty place must not make a database there.
        const isNew = config.database.kind === 'sqlite' && !existsSync(config.database.file)
        if (dryRun && isNew) trial = mkdtempSync(join(tmpdir(), 'mailgateway-dry-run-'))
        local = await openLocal(trial === undefined ? config : emptyCopy(config, trial))
      }
      return (await local.run('import original', input)).result ?? []
    },
    async close() {
      await local?.close()
      if (trial !== undefined) rmSync(trial, { recursive: true })
    },
  }
}

const emptyCopy = (config: Config, dataDir: string): Config => ({
  ...config,
  dataDir,
  database: { kind: 'sqlite', file: join(dataDir, 'mailgateway.db') },
})
