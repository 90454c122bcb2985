/** How long decisions took over time; in the table also today beside yesterday. */
import { useMemo } from 'react'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Chart, colours } from '../../ui/chart.tsx'
import { formatStep } from '../../ui/steps.ts'
import { uiTexts } from '../../ui/texts.ts'
import { formatTime } from '../../ui/time.tsx'
import { type Overview, type Series, useSeries } from './overview.ts'
import { texts } from './texts.ts'

const measures = ['avg', 'p50', 'p95', 'p99'] as const
type Times = Overview['today']['response_time']

/** Told apart without their colours too. */
const lines = {
  p50: { color: colours.third, type: 'dotted' },
  p95: { color: colours.first, type: 'solid' },
  p99: { color: colours.second, type: 'dashed' },
} as const
const drawn = ['p50', 'p95', 'p99'] as const

export function ResponseTimes({ overview: { today, yesterday } }: { overview: Overview }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  const { data, isPending, error } = useSeries()
  const option = useMemo(() => draw(data, locale, t), [data, locale, t])
  // The chart beside it says so.
  if (error && !data) return null
  const row = (name: string, times: Times) => [name, ...measures.map(each => print(times[each], locale, t))]
  return (
    <Chart
      title={t.responseTimes}
      height={280}
      loading={isPending}
      option={option}
      columns={[ui.time, ...measures.map(each => t.times[each])]}
      rows={[
        row(t.today, today.response_time),
        row(t.dayBefore, yesterday.response_time),
        ...(data?.points ?? []).map(({ start, response_time }) =>
          row(formatTime(start, locale), response_time),
        ),
      ]}
    />
  )
}

const print = (ms: number | null, locale: string, t: typeof texts.en) =>
  ms === null ? '–' : t.ms(ms.toLocaleString(locale, { maximumFractionDigits: 1 }))

function draw(data: Series | undefined, locale: string, t: typeof texts.en) {
  const points = data?.points ?? []
  return {
    color: drawn.map(each => lines[each].color),
    grid: { left: 8, right: 16, top: 36, bottom: 4, containLabel: true },
    legend: { top: 0, right: 8 },
    tooltip: { trigger: 'axis', valueFormatter: (ms: number | null) => print(ms, locale, t) },
    xAxis: {
      type: 'category',
      data: points.map(({ start }) => formatStep(start, data!.step, locale)),
      axisTick: { show: false },
      axisLabel: { alignMinLabel: 'left', alignMaxLabel: 'right', hideOverlap: true },
    },
    yAxis: { type: 'value', axisLabel: { formatter: (ms: number) => print(ms, locale, t) }, splitNumber: 4 },
    series: drawn.map(each => ({
      type: 'line',
      name: t.times[each],
      symbolSize: 4,
      lineStyle: { width: 2, type: lines[each].type },
      data: points.map(({ response_time }) => response_time[each]),
    })),
  }
}
