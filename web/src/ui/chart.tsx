/** A chart, and the same figures as a table for whoever cannot see it or wants the numbers. */
import { BarChartOutlined, TableOutlined } from '@ant-design/icons'
import { Button, Card, Empty, Flex, Skeleton, Typography } from 'antd'
import type { EChartsCoreOption } from 'echarts/core'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'

const Plot = lazy(() => import('./plot.tsx'))
const ChartTable = lazy(() => import('./chart-table.tsx'))

/** Told apart by the colour-blind too (Okabe and Ito's palette, a little calmer). */
export const colours = {
  success: '#009e73',
  failed: '#d55e00',
  later: '#e69f00',
  first: '#0072b2',
  second: '#cc79a7',
  third: '#56b4e9',
  quiet: '#8c8c8c',
} as const

interface Props {
  title: ReactNode
  extra?: ReactNode
  option: EChartsCoreOption
  height?: number
  /** Head and rows of the table. */
  columns: string[]
  rows: (string | number)[][]
  loading?: boolean
  /** Under it: what there is to know of the figures. */
  note?: string
  /** Nothing is to be drawn: bare axes would say less than words. */
  isEmpty?: boolean
  /** Of a bar, or of a row of the table: the figures of both stand in the same order. */
  onClick?(point: { name: string; dataIndex: number; seriesName?: string }): void
}

export function Chart({
  title,
  extra,
  option,
  height = 260,
  columns,
  rows,
  loading = false,
  note,
  isEmpty = false,
  onClick,
}: Props) {
  const t = useTexts(uiTexts)
  const [asTable, setAsTable] = useState(false)
  const text = asTable ? t.asChart : t.asTable
  const other = (
    <Button
      type="text"
      aria-label={text}
      title={text}
      icon={asTable ? <BarChartOutlined /> : <TableOutlined />}
      onClick={() => setAsTable(!asTable)}
    />
  )
  const empty = <div style={{ height }} />
  return (
    <Card
      title={title}
      extra={
        <>
          {extra}
          {!isEmpty && other}
        </>
      }
      size="small"
      style={{ height: '100%' }}
    >
      {loading ? (
        // No taller than what comes in its place.
        <Skeleton active paragraph={{ rows: Math.floor((height - 44) / 32) }} style={{ height }} />
      ) : isEmpty ? (
        <Flex align="center" justify="center" style={{ height }}>
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.nothing} />
        </Flex>
      ) : asTable ? (
        <Suspense fallback={empty}>
          <ChartTable height={height} columns={columns} rows={rows} onClick={onClick} />
        </Suspense>
      ) : (
        <Suspense fallback={empty}>
          <Plot
            option={option}
            height={height}
            onClick={onClick}
            label={typeof title === 'string' ? title : ''}
          />
        </Suspense>
      )}
      {note !== undefined && <Typography.Text type="secondary">{note}</Typography.Text>}
    </Card>
  )
}
