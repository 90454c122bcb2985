/** How long decisions took, today beside yesterday. */
import { useMemo } from 'react'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Chart, colours } from '../../ui/chart.tsx'
import type { Overview } from './overview.ts'
import { texts } from './texts.ts'

const quantiles = ['p50', 'p95', 'p99'] as const

export function ResponseTimes({ overview }: { overview: Overview }) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const { today, yesterday } = overview
  const days = [
    { name: t.dayBefore, colour: colours.quiet, times: yesterday.response_time },
    { name: t.today, colour: colours.first, times: today.response_time },
  ]
  const figures = JSON.stringify(days)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart is drawn again for other figures only
  const option = useMemo(() => draw(days, t), [figures])
  const print = (value: number | null) =>
    value === null ? '–' : t.ms(value.toLocaleString(locale, { maximumFractionDigits: 1 }))
  return (
    <Chart
      title={t.responseTimes}
      height={280}
      option={option}
      columns={['', ...days.map(({ name }) => name)]}
      rows={quantiles.map(name => [t.quantiles[name], ...days.map(({ times }) => print(times[name]))])}
    />
  )
}

type Days = { name: string; colour: string; times: Overview['today']['response_time'] }[]

const draw = (days: Days, t: typeof texts.en) => ({
  color: days.map(({ colour }) => colour),
  grid: { left: 8, right: 8, top: 36, bottom: 4, containLabel: true },
  legend: { top: 0, right: 8 },
  tooltip: {
    trigger: 'axis',
    axisPointer: { type: 'shadow' },
    valueFormatter: (value: number | null) => (value === null ? '–' : t.ms(String(Math.round(value)))),
  },
  xAxis: { type: 'category', data: quantiles.map(name => t.quantiles[name]), axisTick: { show: false } },
  yAxis: { type: 'value', axisLabel: { formatter: (value: number) => t.ms(String(value)) }, splitNumber: 4 },
  series: days.map(({ name, times }) => ({
    type: 'bar',
    name,
    barMaxWidth: 28,
    data: quantiles.map(each => times[each]),
  })),
})
