/** Statistics: how many logged in, how long it took, who stands out. */
import { styleText } from 'node:util'
import type { Command } from 'commander'
import type { Top } from '../../lib/audit/tops.ts'
import type { Period } from '../../lib/stats/period.ts'
import { call } from './call.ts'
import { countOf, harmless, type OutputOptions, print, showTime, table } from './output.ts'
import { showProgress } from './progress-bar.ts'
import { readTime } from './values.ts'

export function addStatsCommands(program: Command): void {
  const stats = program
    .command('stats')
    .description('how many logged in, how long it took, who stands out')
    .option('--since <time>', 'from then on: 24h (default), 7d, or "2026-11-24 15:00" in UTC', readTime)
    .option('--json', 'as JSON')
    .action(async ({ json, since }: OutputOptions & { since?: number }) => {
      print({ json }, await call('stats', { since }), show)
    })

  stats
    .command('rebuild')
    .description('count the auth log again, for attempts that came from elsewhere or were counted wrongly')
    .option('--since <time>', 'not older than this; default: the whole log', readTime)
    .action(async ({ since }: { since?: number }) => rebuild(since ?? stats.opts<{ since?: number }>().since))
}

async function rebuild(since: number | undefined): Promise<void> {
  const progress = showProgress()
  let step = await call('stats rebuild', { since })
  const { from } = step
  let { attempts } = step
  while (step.next !== null) {
    progress.show((step.next - from) / (step.until - from), `counted up to ${showMinute(step.next)} UTC`)
    step = await call('stats rebuild', { since: step.next })
    attempts += step.attempts
  }
  progress.end()
  process.stdout.write(`${countOf(attempts, 'attempt')} up to ${showMinute(step.until)} UTC counted again\n`)
}

function show(period: Period): string {
  const { since, until, total, success, failed, active_users, response_time } = period
  const share = (count: number) => (total === 0 ? '' : ` (${((count / total) * 100).toFixed(1)} %)`)
  const ms = (value: number | null) =>
    value === null ? '-' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
  const { avg, p50, p95, p99 } = response_time
  return [
    `${showMinute(since)} to ${showMinute(until)} UTC`,
    '',
    `attempts      ${total}`,
    `succeeded     ${success}${share(success)}`,
    `failed        ${failed}${share(failed)}`,
    `active users  ${active_users} in the last 15 minutes`,
    `took          mean ${ms(avg)}, p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}`,
    '',
    showSeries(period),
    '',
    table(
      ['REASON', 'ATTEMPTS', ''],
      period.reasons.map(({ reason, count }) => [reason, `${count}`, bar(count, total)]),
      'no attempts',
    ),
    ...(['user', 'address', 'network'] as const).flatMap(kind => showTops(kind, period.tops[kind])),
  ].join('\n')
}

const showMinute = (time: number) => showTime(time).slice(0, 16)

const barWidth = 30
const bar = (part: number, whole: number) => '█'.repeat(Math.ceil((part / Math.max(1, whole)) * barWidth))

const mostLines = 48

/** A line per step, or per few where there are many: succeeded and failed as one bar. */
function showSeries({ since, until, step, series }: Period): string {
  const each = step * Math.ceil((until - since) / step / mostLines)
  const lines = Array.from({ length: Math.ceil((until - since) / each) }, () => ({ success: 0, failed: 0 }))
  for (const { start, success, failed } of series) {
    const line = lines[Math.floor((start - since) / each)]
    if (!line) continue
    line.success += success
    line.failed += failed
  }
  const most = Math.max(1, ...lines.map(({ success, failed }) => success + failed))
  const digits = `${most}`.length
  return lines
    .map(({ success, failed }, i) => {
      const all = bar(success + failed, most)
      const good = bar(success, most).length
      const bars =
        styleText('green', all.slice(0, good)) + styleText('red', all.slice(good).replaceAll('█', '▒'))
      return `${showMinute(since + i * each)}  ${`${success}`.padStart(digits)} ok  ${`${failed}`.padStart(digits)} failed  ${bars}`.trimEnd()
    })
    .join('\n')
}

function showTops(kind: string, tops: Top[]): string[] {
  const rows = tops.map(({ name, tried, failed, succeeded }) => [
    harmless(name),
    `${tried}`,
    `${succeeded}`,
    `${failed}`,
  ])
  return rows.length === 0 ? [] : ['', table([kind.toUpperCase(), 'TRIED', 'SUCCEEDED', 'FAILED'], rows, '')]
}
