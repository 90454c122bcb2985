/** A table whose rows the gateway filters, sorts and pages; it scrolls inside itself where there is no room. */
import { DoubleLeftOutlined, ReloadOutlined, RightOutlined } from '@ant-design/icons'
import type { UseQueryResult } from '@tanstack/react-query'
import { Button, Empty, Flex, Select, Table, type TableProps, Typography } from 'antd'
import type { ReactNode } from 'react'
import { localeOf, useLanguage, useTexts } from '../app/language.ts'
import { ColumnChoice, useHidden } from './column-choice.tsx'
import { ProblemNote } from './problem.tsx'
import { useScrolledByKeys } from './scrolled-by-keys.ts'
import { uiTexts } from './texts.ts'
import './list.css'

export interface Listed<Row> {
  items: Row[]
  /** Cursor of the next page; null = this is the last. */
  next: string | null
  total?: number
}

export interface ListProps<Row extends object> {
  /** Under which the choice of columns is kept. */
  name: string
  query: UseQueryResult<Listed<Row>>
  rowKey: keyof Row & string
  columns: NonNullable<TableProps<Row>['columns']>
  /** Keys of the columns that have to be asked for: all of them are more than a window holds. */
  hiddenAtFirst?: string[]
  view: { after: string; limit: string }
  change(changes: { after?: string; limit?: string }): void
  /** Whether a filter is set: then nothing found means something else. */
  filtered: boolean
  onClear(): void
  /** Stands in place of the table where there is nothing at all. */
  empty?: ReactNode
  /** Said in the table where there is nothing at all: what comes here, or what to do first. */
  hint?: ReactNode
  /** Stands above the table. */
  filters?: ReactNode
  onRow?: TableProps<Row>['onRow']
  rowSelection?: TableProps<Row>['rowSelection']
  expandable?: TableProps<Row>['expandable']
  onSort?(sort: { field: string; order: 'asc' | 'desc' } | null): void
}

const pageSizes = ['20', '50', '100']

export function List<Row extends object>(props: ListProps<Row>) {
  const {
    name,
    query,
    columns,
    view,
    change,
    filtered,
    onClear,
    empty,
    hint,
    filters,
    onSort,
    hiddenAtFirst = [],
    ...table
  } = props
  const t = useTexts(uiTexts)
  const [hidden, setHidden] = useHidden(name, hiddenAtFirst)
  const { data, isPending, isFetching, error, refetch } = query
  const place = useScrolledByKeys()
  const shown = columns.filter(column => !hidden.includes(String(column.key)))
  if (data?.items.length === 0 && !filtered && view.after === '' && empty) return empty
  return (
    <Flex vertical gap={12}>
      <Flex wrap gap={8} align="center" className="tools">
        {filters}
        <Flex gap={8} justify="end" style={{ marginInlineStart: 'auto' }}>
          <ColumnChoice columns={columns} hidden={hidden} onChange={setHidden} />
          <Button
            icon={<ReloadOutlined spin={isFetching} />}
            aria-label={t.refresh}
            onClick={() => void refetch()}
          />
        </Flex>
      </Flex>
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      <Table<Row>
        {...table}
        ref={place}
        size="middle"
        columns={shown}
        dataSource={data?.items ?? []}
        loading={isPending && !error}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={{
          // Without an answer nobody knows whether there is nothing.
          emptyText:
            data === undefined ? ' ' : <NothingFound filtered={filtered} hint={hint} onClear={onClear} />,
        }}
        onChange={(_pages, _filters, sorter, { action }) => {
          if (action !== 'sort' || Array.isArray(sorter)) return
          onSort?.(
            sorter.order === undefined || sorter.order === null
              ? null
              : { field: String(sorter.columnKey), order: sorter.order === 'ascend' ? 'asc' : 'desc' },
          )
        }}
      />
      <Pages data={data} view={view} change={change} />
    </Flex>
  )
}

function NothingFound({ filtered, hint, onClear }: Pick<ListProps<object>, 'filtered' | 'hint' | 'onClear'>) {
  const t = useTexts(uiTexts)
  return (
    <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={filtered ? t.nothingFound : (hint ?? t.nothing)}>
      {filtered && <Button onClick={onClear}>{t.clear}</Button>}
    </Empty>
  )
}

type PagesProps = Pick<ListProps<object>, 'view' | 'change'> & { data: Listed<object> | undefined }

function Pages({ data, view, change }: PagesProps) {
  const t = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  return (
    <Flex wrap justify="end" align="center" gap={8} className="pages">
      {data?.total !== undefined && (
        <Typography.Text type="secondary">{t.total(data.total.toLocaleString(locale))}</Typography.Text>
      )}
      <Select
        aria-label={t.perPage(Number(view.limit))}
        value={view.limit}
        onChange={limit => change({ limit, after: '' })}
        options={pageSizes.map(size => ({ value: size, label: t.perPage(Number(size)) }))}
      />
      <Button
        icon={<DoubleLeftOutlined />}
        disabled={view.after === ''}
        onClick={() => change({ after: '' })}
      >
        {t.firstPage}
      </Button>
      <Button
        icon={<RightOutlined />}
        iconPlacement="end"
        disabled={!data?.next}
        onClick={() => change({ after: data?.next ?? '' })}
      >
        {t.nextPage}
      </Button>
    </Flex>
  )
}
