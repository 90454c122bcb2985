/** Attempts by result over time; a bar leads to its attempts. */
import { Segmented } from 'antd'
import { useMemo } from 'react'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Chart, colours } from '../../ui/chart.tsx'
import { ProblemNote } from '../../ui/problem.tsx'
import { formatStep } from '../../ui/steps.ts'
import { uiTexts } from '../../ui/texts.ts'
import { type Series, spanNames, useOverviewView, useSeries } from './overview.ts'
import { texts } from './texts.ts'
import { useShowAttempts } from './use-show-attempts.ts'

const results = ['success', 'failed'] as const

export function Logins() {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  const showAttempts = useShowAttempts()
  const { change } = useOverviewView()
  const { span, data, isPending, error, refetch } = useSeries()
  const option = useMemo(() => draw(data, locale, ui), [data, locale, ui])
  if (error && !data) return <ProblemNote error={error} onRetry={() => void refetch()} />
  const points = data?.points ?? []
  const lead = (index: number, name: string | undefined) => {
    const end = points[index + 1]?.start ?? data!.until
    const result = results.find(each => ui[each] === name)
    showAttempts({ since: String(points[index]!.start), until: String(end - 1), ...(result && { result }) })
  }
  return (
    <Chart
      title={t.logins}
      height={280}
      loading={isPending}
      isEmpty={points.every(({ counts }) => results.every(result => !counts[result]))}
      extra={
        <Segmented
          size="small"
          aria-label={t.span}
          value={span}
          options={spanNames.map(value => ({ value, label: t.spans[value] }))}
          onChange={span => change({ span })}
        />
      }
      option={option}
      columns={[ui.time, ui.success, ui.failed]}
      rows={points.map(({ start, counts }) => [
        formatStep(start, data!.step, locale),
        ...results.map(result => (counts[result] ?? 0).toLocaleString(locale)),
      ])}
      onClick={({ dataIndex, seriesName }) => lead(dataIndex, seriesName)}
    />
  )
}

function draw(data: Series | undefined, locale: string, ui: typeof uiTexts.en) {
  const points = data?.points ?? []
  return {
    color: [colours.success, colours.failed],
    grid: { left: 8, right: 8, top: 36, bottom: 4, containLabel: true },
    legend: { top: 0, right: 8 },
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: {
      type: 'category',
      data: points.map(({ start }) => formatStep(start, data!.step, locale)),
      axisTick: { show: false },
      axisLabel: { alignMinLabel: 'left', alignMaxLabel: 'right', hideOverlap: true },
    },
    yAxis: { type: 'value', minInterval: 1, splitNumber: 4 },
    series: results.map(result => ({
      type: 'bar',
      name: ui[result],
      stack: 'all',
      barMaxWidth: 28,
      data: points.map(({ counts }) => counts[result] ?? 0),
    })),
  }
}
