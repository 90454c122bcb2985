/** How many attempts the filters find over time; a bar leads into its time. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Typography } from 'antd'
import { useMemo } from 'react'
import { ask } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Chart, colours } from '../../ui/chart.tsx'
import { ProblemNote } from '../../ui/problem.tsx'
import { formatStep } from '../../ui/steps.ts'
import { formatTime } from '../../ui/time.tsx'
import { readTime } from '../../ui/time-range.tsx'
import { texts } from './texts.ts'
import { type Change, filterKey, filterOf, type View } from './view.ts'

type Counts = Answer<'GET /api/auth-log/counts'>

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** What the gateway counts at once. */
const longestMs = 399 * dayMs

interface Props {
  view: View
  change: Change
  counts: ReturnType<typeof useCounts>
  /** Whether the page says already that it got no answer. */
  isSaid: boolean
}

export function Histogram({ view, change, counts, isSaid }: Props) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const { data, error, isPending, refetch } = counts
  const option = useMemo(() => draw(data, locale), [data, locale])
  const steps = data?.steps ?? []
  if (error) return isSaid ? null : <ProblemNote error={error} onRetry={() => void refetch()} />
  const note = data?.counted_from && t.countedFrom(formatTime(data.counted_from, locale))
  return (
    <Chart
      title={view.since === '' && view.until === '' ? t.lastDay : t.attempts}
      extra={
        <Typography.Text type="secondary">
          {note || (data && t.total(data.total.toLocaleString(locale)))}
        </Typography.Text>
      }
      height={150}
      loading={isPending}
      isEmpty={data?.total === 0}
      option={option}
      columns={[t.time, t.attempts]}
      rows={steps.map(({ start, count }) => [formatTime(start, locale), count.toLocaleString(locale)])}
      onClick={({ dataIndex }) => {
        const start = steps[dataIndex]!.start
        const end = steps[dataIndex + 1]?.start ?? data!.until
        change({ since: String(start), until: String(end - 1) })
      }}
    />
  )
}

export function useCounts(view: View) {
  return useQuery({
    queryKey: ['auth-log-counts', ...filterKey(view)],
    queryFn: ({ signal }) => {
      const { since = Date.now() - dayMs, until = Date.now(), ...filter } = filterOf(view)
      const from = Math.max(since, until - longestMs)
      const range = until - from
      const step = range <= 3 * hourMs ? 'minute' : range <= 14 * dayMs ? 'hour' : 'day'
      const tz = Intl.DateTimeFormat().resolvedOptions().timeZone
      // Without `until` the minute that is running counts.
      const query = { ...filter, since: from, until: readTime(view.until), step, tz } as const
      return ask('GET /api/auth-log/counts', { query, signal })
    },
    placeholderData: keepPreviousData,
  })
}

function draw(data: Counts | undefined, locale: string) {
  const steps = data?.steps ?? []
  return {
    color: [colours.first],
    grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: {
      type: 'category',
      data: steps.map(({ start }) => formatStep(start, data!.step, locale)),
      axisTick: { show: false },
      axisLabel: { alignMinLabel: 'left', alignMaxLabel: 'right', hideOverlap: true },
    },
    yAxis: { type: 'value', minInterval: 1, splitNumber: 3 },
    series: [
      { type: 'bar', barMaxWidth: 28, barMinHeight: 2, data: steps.map(({ count }) => count || null) },
    ],
  }
}
