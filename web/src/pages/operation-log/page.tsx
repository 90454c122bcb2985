import { Flex } from 'antd'
import { List } from '../../ui/list.tsx'
import { SearchedTo } from '../../ui/searched-to.tsx'
import { useView } from '../../ui/use-view.ts'
import { useColumns } from './columns.tsx'
import { Detail } from './detail.tsx'
import { Filters } from './filters.tsx'
import { defaults, isFiltered, noFilter, type Operation, useOperations } from './view.ts'

export default function OperationLog() {
  const { view, change } = useView(defaults)
  const query = useOperations(view)
  const columns = useColumns(change)
  return (
    <Flex vertical gap={16}>
      <SearchedTo page={query.data} onGo={after => change({ after })} />
      <List<Operation>
        name="operation-log"
        query={query}
        rowKey="id"
        columns={columns}
        view={view}
        change={change}
        filtered={isFiltered(view)}
        onClear={() => change(noFilter)}
        filters={<Filters view={view} change={change} />}
        expandable={{
          expandedRowRender: operation => <Detail operation={operation} />,
          rowExpandable: ({ detail }) => Object.keys(detail).length > 0,
        }}
      />
    </Flex>
  )
}
