/**
 * `npm run bench:log -- --sql sqlite|mysql [--rows 10000000]`: how long overview, searches, export and writing take with a
 * long auth log. Writes the figures to bench-log.json too. Needs about 1 kB of disk per row in the system's temporary folder.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { csvRow } from '../../lib/audit/export.ts'
import { rebuildStats } from '../../lib/audit/rebuild.ts'
import { searchAuthLog } from '../../lib/audit/search.ts'
import type { AuthLogRow } from '../../lib/database/schema.ts'
import { loadConfig } from '../../lib/runtime/config.ts'
import { inlineHashing } from '../../lib/runtime/hash-inline.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { bringUpSchema } from '../../lib/runtime/schema.ts'
import { openServices, type Services } from '../../lib/runtime/services.ts'
import { readOverview } from '../../lib/stats/overview.ts'
import { readPeriod } from '../../lib/stats/period.ts'
import { readSeries } from '../../lib/stats/series.ts'
import { showProgress } from '../cli/progress-bar.ts'
import { startMariadb } from '../e2e/mariadb.ts'
import { sharedSecret } from '../e2e/stores.ts'
import { createFigures } from './figures.ts'
import { makeRows } from './log-rows.ts'

const { values } = parseArgs({
  options: { sql: { type: 'string', default: 'sqlite' }, rows: { type: 'string', default: '10000000' } },
})
const rows = Number(values.rows)
const { sql } = values
if ((sql !== 'sqlite' && sql !== 'mysql') || !(rows >= 1_000)) {
  process.stderr.write('usage: npm run bench:log -- --sql sqlite|mysql [--rows N], N at least 1000\n')
  process.exit(2)
}

const bytesPerRow = 1_200
const rowsPerInsert = 500
const insertsPerCommit = 20
const mebibyte = 2 ** 20

const { keep, measure, report } = createFigures(20)

const { bavail, bsize } = statfsSync(tmpdir())
if (bavail * bsize < rows * bytesPerRow) {
  process.stderr.write(`${tmpdir()} has too little room for ${rows} rows\n`)
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'mailgateway-bench-log-'))
await using started = new AsyncDisposableStack()
started.defer(() => rmSync(folder, { recursive: true }))
const services = await open()
const until = Math.floor(Date.now() / 60_000) * 60_000 - 3 * 60_000
await generate()
await rebuild()
await measureReads()
await measureExport()
await measureWrites()
report('log', { sql, rows })

async function open(): Promise<Services> {
  const settings: Record<string, string> = { MAILGATEWAY_DATA_DIR: join(folder, 'data') }
  if (sql === 'mysql') {
    const mariadb = await startMariadb(join(folder, 'mariadb'), undefined, ['--innodb-buffer-pool-size=1G'])
    started.defer(() => mariadb.stop())
    settings.MAILGATEWAY_SECRET_KEY = sharedSecret
    settings.DATABASE_URL = await mariadb.createDatabase('bench')
  }
  const config = loadConfig({ env: settings, cwd: folder })
  const services = await openServices(config, createLog('warn'), {
    passwords: inlineHashing,
    migrate: bringUpSchema,
  })
  started.defer(() => services.close())
  return services
}

async function generate(): Promise<void> {
  const progress = showProgress()
  const startedAt = performance.now()
  const source = makeRows(rows, until)
  const perCommit = rowsPerInsert * insertsPerCommit
  for (let done = 0; done < rows; done += perCommit) {
    await services.db.transaction().execute(async trx => {
      for (let i = 0; i < insertsPerCommit; i++) {
        const some = takeRows(source, rowsPerInsert)
        if (some.length > 0) await trx.insertInto('auth_log').values(some).execute()
      }
    })
    const seconds = (performance.now() - startedAt) / 1_000
    const perSecond = Math.round((done + perCommit) / seconds)
    progress.show((done + perCommit) / rows, `${Math.min(rows, done + perCommit)} rows, ${perSecond}/s`)
  }
  progress.end()
  const seconds = (performance.now() - startedAt) / 1_000
  console.log(`${rows} rows in ${seconds.toFixed(0)} s, ${Math.round(rows / seconds)}/s`)
}

function takeRows(source: Generator<AuthLogRow>, count: number): AuthLogRow[] {
  const rows: AuthLogRow[] = []
  while (rows.length < count) {
    const { value, done } = source.next()
    if (done) break
    rows.push(value)
  }
  return rows
}

async function rebuild(): Promise<void> {
  const startedAt = performance.now()
  let worst = 0
  let attempts = 0
  for (let since: number | null | undefined; since !== null; ) {
    const stepAt = performance.now()
    const step: Awaited<ReturnType<typeof rebuildStats>> = await rebuildStats(services, { since })
    worst = Math.max(worst, performance.now() - stepAt)
    attempts += step.attempts
    since = step.next
  }
  if (attempts !== rows) throw new Error(`${attempts} attempts were counted of ${rows} rows`)
  keep({
    what: 'rebuild',
    median: performance.now() - startedAt,
    worst,
    note: 'all of it; worst: of a step',
  })
}

async function measureReads(): Promise<void> {
  const day = 24 * 3_600_000
  for (const [name, ms] of Object.entries({ '1h': day / 24, '24h': day, '7d': 7 * day, '30d': 30 * day })) {
    await measure(`stats ${name}`, async () => {
      const { total } = await readPeriod(services, { since: Date.now() - ms })
      return `${total} attempts`
    })
  }
  for (const tz of ['UTC', 'Asia/Kolkata'])
    await measure(`overview ${tz}`, async () => `${(await readOverview(services, { tz })).today.total} today`)
  await measure('series, 30 days', async () => {
    const { points } = await readSeries(services, { since: until - 29 * day, step: 'day', by: 'reason' })
    return `${points.length} steps`
  })
  const busy = 'user0@example.com'
  const searches: [string, object][] = [
    ['newest', {}],
    ['busiest user', { user: busy }],
    ['a user with few', { user: 'user19999@example.com' }],
    ['nobody', { user: 'nobody@example.com' }],
    ['webmail address', { address: '10.0.0.5' }],
    ['an address', { address: '198.18.3.6' }],
    ['no such address', { address: '192.0.2.1' }],
    ['network /24', { address: '198.18.3.0/24' }],
    ['network /16', { address: '198.18.0.0/16' }],
    ['part of a network', { address: '198.18.3.0/28' }],
    ['failed', { result: 'failed' }],
    ['success', { result: 'success' }],
    ['protocol', { protocol: 'pop3' }],
    ['rare reason', { reason: ['timeout'] }],
    ['no such reason', { reason: ['busy'] }],
    ['rare reason, protocol', { reason: ['timeout'], protocol: 'pop3' }],
    ['failed, protocol', { result: 'failed', protocol: 'smtp' }],
    ['backend', { backend: 'mail1.example.com:143' }],
    ['rare backend', { backend: 'old.example.com:143' }],
    ['backend and failed', { backend: 'mail1.example.com:143', result: 'failed' }],
    ['busiest user, failed', { user: busy, result: 'failed' }],
    ['busiest user, rare reason', { user: busy, reason: ['timeout'] }],
    ['busiest user, no such reason', { user: busy, reason: ['busy'] }],
    ['webmail, failed (none)', { address: '10.0.0.5', result: 'failed' }],
    ['text that is nowhere', { text: 'nowhere' }],
    ['user and network', { user: busy, address: '100.64.0.0/24' }],
    ['an hour ten days ago', { since: until - 10 * day, until: until - 10 * day + day / 24 }],
    ['failed, ten days ago', { result: 'failed', until: until - 10 * day }],
    ['reason and backend', { reason: ['ok'], backend: 'mail1.example.com:143' }],
  ]
  for (const [name, query] of searches)
    await measure(name, async () => `${(await searchAuthLog(services, query)).items.length} rows`)
}

/** Through the audit itself, at 64 in flight: what the indexes cost. */
async function measureWrites(): Promise<void> {
  const lanes = 64
  const more = [...makeRows(20_000, Date.now() + 24 * 3_600_000)].map((row, i) => ({
    ...row,
    request_id: `new-${i}`,
  }))
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let i = lane; i < more.length; i += lanes) await services.audit.append(more[i]!, 60_000)
    }),
  )
  const ms = performance.now() - startedAt
  const note = `${Math.round((more.length / ms) * 1_000)} rows/s at ${lanes} in flight`
  keep({ what: 'audit', median: ms, worst: ms, note })
}

async function measureExport(): Promise<void> {
  const most = Math.min(rows, 1_000_000)
  let [written, bytes, peak] = [0, 0, 0]
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const startedAt = performance.now()
  for (let after: string | null | undefined; after !== null && written < most; ) {
    const { items, next } = await searchAuthLog(services, { after, limit: 1_000 })
    for (const row of items) bytes += csvRow(row).length
    written += items.length
    after = next
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  const ms = performance.now() - startedAt
  const grown = ((peak - before) / mebibyte).toFixed(0)
  const note = `${written} rows, ${Math.round((written / ms) * 1_000)}/s, ${(bytes / mebibyte).toFixed(0)} MiB, memory +${grown} MiB`
  keep({ what: 'export', median: ms, worst: ms, note })
}
