/** How long decisions took over time; in the table also today beside yesterday. */
import { useMemo } from 'react'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Chart, colours } from '../../ui/chart.tsx'
import { formatStep } from '../../ui/steps.ts'
import { uiTexts } from '../../ui/texts.ts'
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
      isEmpty={(data?.points ?? []).every(({ response_time }) => response_time.p50 === null)}
      option={option}
      columns={[ui.time, ...measures.map(each => t.times[each])]}
      rows={[
        row(t.today, today.response_time),
        row(t.dayBefore, yesterday.response_time),
        ...(data?.points ?? []).map(({ start, response_time }) =>
          row(formatStep(start, data!.step, locale), response_time),
        ),
      ]}
    />
  )
}

const print = (ms: number | null, locale: string, t: typeof texts.en) =>
  ms === null ? '–' : t.ms(ms.toLocaleString(locale, { maximumFractionDigits: 1 }))

/** Most take some ten milliseconds, a few take seconds: equal steps would press all but those few onto the ground. */
function scaleOf(points: Series['points']) {
  const all = points.flatMap(({ response_time }) => drawn.map(each => response_time[each] ?? 0))
  const [least, most] = [Math.min(...all.filter(ms => ms > 0)), Math.max(...all)]
  if (most < 20 * least) return { type: 'value', splitNumber: 4 }
  // A tenth of a millisecond is as good as none, and none has no place on such an axis.
  return { type: 'log', min: Math.max(10 ** Math.floor(Math.log10(least)), 0.1) }
}

function draw(data: Series | undefined, locale: string, t: typeof texts.en) {
  const points = data?.points ?? []
  const scale = scaleOf(points)
  const { min: ground = 0 } = scale
  return {
    color: drawn.map(each => lines[each].color),
    grid: { left: 8, right: 16, top: 36, bottom: 4, containLabel: true },
    legend: { top: 0, right: 8 },
    tooltip: { trigger: 'axis' },
    xAxis: {
      type: 'category',
      data: points.map(({ start }) => formatStep(start, data!.step, locale)),
      axisTick: { show: false },
      axisLabel: { alignMinLabel: 'left', alignMaxLabel: 'right', hideOverlap: true },
    },
    yAxis: { ...scale, axisLabel: { formatter: (ms: number) => print(ms, locale, t) } },
    series: drawn.map(each => ({
      type: 'line',
      name: t.times[each],
      symbolSize: 4,
      lineStyle: { width: 2, type: lines[each].type },
      data: points.map(({ response_time: { [each]: ms } }) => (ms === null ? null : Math.max(ms, ground))),
      tooltip: {
        valueFormatter: (_: unknown, index: number) =>
          print(points[index]?.response_time[each] ?? null, locale, t),
      },
    })),
  }
}
