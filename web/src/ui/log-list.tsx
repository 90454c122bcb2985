/** A list of a log: its time, what it is filtered by, and what is found as a file; a search that looked at much can go on. */
import { Flex } from 'antd'
import { useTexts } from '../app/language.ts'
import { Choice } from './choice.tsx'
import { Export } from './export.tsx'
import { List, type Listed, type ListProps } from './list.tsx'
import { SearchedTo } from './searched-to.tsx'
import { uiTexts } from './texts.ts'
import { TimeRange } from './time-range.tsx'
import type { ExportOf } from './use-export.ts'

interface LogView {
  since: string
  until: string
  after: string
  limit: string
}

interface Props<Row extends object> extends Omit<ListProps<Row>, 'query' | 'view' | 'change'> {
  query: ListProps<Row>['query'] & { data: (Listed<Row> & { searched_to: number | null }) | undefined }
  view: LogView
  change(changes: Partial<LogView>): void
  route: ExportOf['route']
  /** As the API takes it. */
  filter: ExportOf['filter']
}

export function LogList<Row extends object>({ route, filter, filters, ...list }: Props<Row>) {
  const { name, query, view, change } = list
  return (
    <Flex vertical gap={16}>
      <SearchedTo page={query.data} onGo={after => change({ after })} />
      <List<Row>
        {...list}
        filters={
          <>
            <TimeRange since={view.since} until={view.until} onChange={change} />
            {filters}
            <Export route={route} name={name} filter={filter} />
          </>
        }
      />
    </Flex>
  )
}

export function ResultChoice({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange(value: string): void
}) {
  const t = useTexts(uiTexts)
  const options = (['success', 'failed'] as const).map(value => ({ value, label: t[value] }))
  return <Choice label={label} value={value} options={options} onChange={onChange} />
}
