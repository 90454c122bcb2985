/** The figures of a chart for whoever cannot see it or wants the numbers; a row leads where its bar does. */
import { Button, Table } from 'antd'
import { useScrolledByKeys } from './scrolled-by-keys.ts'

interface Props {
  height: number
  columns: string[]
  rows: (string | number)[][]
  onClick?(point: { name: string; dataIndex: number }): void
}

const linkStyle = { height: 'auto', padding: 0, textAlign: 'start', whiteSpace: 'normal' } as const

export default function ChartTable({ height, columns, rows, onClick }: Props) {
  const place = useScrolledByKeys()
  const lead = onClick && {
    render: (name: string, _row: unknown, dataIndex: number) => (
      <Button type="link" style={linkStyle} onClick={() => onClick({ name, dataIndex })}>
        {name}
      </Button>
    ),
  }
  return (
    <Table
      ref={place}
      size="small"
      // A name and a figure have room: a long name takes a second line.
      scroll={{ y: height - 40, x: columns.length > 2 ? 'max-content' : undefined }}
      pagination={false}
      columns={columns.map((title, index) => ({
        title,
        dataIndex: String(index),
        key: String(index),
        // Figures stand under one another.
        align: index === 0 ? ('start' as const) : ('end' as const),
        ...(index === 0 && lead),
      }))}
      dataSource={rows.map((row, key) => ({
        key,
        ...Object.fromEntries(row.map((cell, i) => [String(i), cell])),
      }))}
    />
  )
}
