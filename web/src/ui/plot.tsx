/** ECharts with no more than the console draws; a chunk of its own. */
import { theme } from 'antd'
import { BarChart, LineChart, PieChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { type EChartsCoreOption, type EChartsType, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'
import { useLanguage } from '../app/language.ts'
import { useMode } from '../app/theme.ts'

use([
  BarChart,
  LineChart,
  PieChart,
  AriaComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  CanvasRenderer,
])

interface Props {
  option: EChartsCoreOption
  height: number
  label: string
  onClick?(point: { name: string; dataIndex: number; seriesName?: string }): void
}

export default function Plot({ option, height, label, onClick }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(null)
  const clicked = useRef(onClick)
  clicked.current = onClick
  const mode = useMode()
  const language = useLanguage()
  const { token } = theme.useToken()
  // A chart knows its theme and language from its birth on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: made again for each of them
  useEffect(() => {
    const made = init(place.current, mode === 'dark' ? 'dark' : null, {
      locale: language === 'zh' ? 'ZH' : 'EN',
    })
    chart.current = made
    made.on('click', point => clicked.current?.(point as never))
    const watch = new ResizeObserver(() => made.resize())
    watch.observe(place.current!)
    return () => {
      watch.disconnect()
      made.dispose()
    }
  }, [mode, language])
  useEffect(() => {
    chart.current?.setOption(
      {
        backgroundColor: 'transparent',
        textStyle: { fontFamily: token.fontFamily },
        aria: { enabled: true },
        animationDuration: 300,
        ...option,
      },
      { notMerge: true },
    )
  }, [option, mode, language, token.fontFamily])
  return <div ref={place} role="img" aria-label={label} style={{ height }} />
}
