/** ECharts with no more than the console draws; a chunk of its own. */
import { theme } from 'antd'
import { BarChart, LineChart, PieChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { type EChartsCoreOption, type EChartsType, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'
import { useLanguage } from '../app/language.ts'
import { type Mode, useMode } from '../app/theme.ts'

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

/** A chart knows its theme and language from its birth on: it is made again for each of them. */
export default function Plot(props: Props) {
  const mode = useMode()
  const language = useLanguage()
  return <Drawn key={`${mode} ${language}`} {...props} mode={mode} locale={language === 'zh' ? 'ZH' : 'EN'} />
}

function Drawn({ option, height, label, onClick, mode, locale }: Props & { mode: Mode; locale: string }) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(null)
  const clicked = useRef(onClick)
  clicked.current = onClick
  const { fontFamily, motion } = theme.useToken().token
  useEffect(() => {
    const made = init(place.current, mode === 'dark' ? 'dark' : null, { locale })
    chart.current = made
    made.on('click', point => clicked.current?.(point as never))
    const watch = new ResizeObserver(() => made.resize())
    watch.observe(place.current!)
    return () => {
      watch.disconnect()
      made.dispose()
    }
  }, [mode, locale])
  useEffect(() => {
    const common = { backgroundColor: 'transparent', textStyle: { fontFamily }, aria: { enabled: true } }
    chart.current?.setOption(
      { ...common, animation: motion, animationDuration: 300, ...option },
      { notMerge: true },
    )
  }, [option, fontFamily, motion])
  return <div ref={place} role="img" aria-label={label} style={{ height }} />
}
