/** Today's attempts by protocol, or those that failed by reason; a bar leads to its attempts. */
import { Grid } from 'antd'
import { useMemo } from 'react'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Chart, colours } from '../../ui/chart.tsx'
import { useReasonText } from '../../ui/reasons.ts'
import type { Overview } from './overview.ts'
import { texts } from './texts.ts'
import { useShowAttempts } from './use-show-attempts.ts'

interface Bar {
  value: string
  name: string
  count: number
}

/** More would not be read. */
const mostBars = 8

export function Breakdown({ overview, by }: { overview: Overview; by: 'protocol' | 'reason' }) {
  const t = useTexts(texts)
  const language = useLanguage()
  const locale = localeOf(language)
  const showAttempts = useShowAttempts()
  const wide = Grid.useBreakpoint().md ?? true
  const reasonText = useReasonText()
  const bars: Bar[] = (
    by === 'protocol'
      ? overview.by_protocol.map(({ protocol, total }) => ({
          value: protocol,
          name: protocol.toUpperCase() || t.noProtocol,
          count: total,
        }))
      : overview.reasons
          .filter(({ reason }) => reason !== 'ok')
          .map(({ reason, count }) => ({ value: reason, name: reasonText(reason), count }))
  ).slice(0, mostBars)
  const figures = JSON.stringify(bars)
  const nameWidth = by === 'protocol' ? 80 : wide ? 300 : 150
  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart is drawn again for other figures only
  const option = useMemo(() => draw(bars, by, nameWidth, locale), [figures, by, nameWidth, locale])
  const lead = (index: number) => {
    const { value } = bars[index]!
    if (value !== '') showAttempts({ since: String(overview.today.since), [by]: value })
  }
  return (
    <Chart
      title={by === 'protocol' ? t.protocols : t.reasons}
      height={by === 'protocol' ? 180 : Math.max(180, bars.length * (wide ? 28 : 40))}
      option={option}
      isEmpty={bars.length === 0}
      columns={[by === 'protocol' ? t.protocol : t.reason, t.attempts]}
      rows={bars.map(({ name, count }) => [name, count.toLocaleString(locale)])}
      onClick={({ dataIndex }) => lead(dataIndex)}
    />
  )
}

const colourOf = (by: string) => (by === 'protocol' ? colours.first : colours.failed)

function draw(bars: Bar[], by: string, nameWidth: number, locale: string) {
  const print = (count: number) => count.toLocaleString(locale)
  return {
    grid: { left: 8, right: 56, top: 4, bottom: 4, containLabel: true },
    tooltip: { trigger: 'item', valueFormatter: print },
    xAxis: { type: 'value', show: false, minInterval: 1 },
    yAxis: {
      type: 'category',
      // The longest on top.
      inverse: true,
      data: bars.map(({ name }) => name),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { width: nameWidth, overflow: 'break', lineHeight: 15 },
    },
    series: [
      {
        type: 'bar',
        barMaxWidth: 18,
        barMinHeight: 2,
        label: { show: true, position: 'right', formatter: ({ value }: { value: number }) => print(value) },
        data: bars.map(bar => ({ value: bar.count, itemStyle: { color: colourOf(by) } })),
      },
    ],
  }
}
