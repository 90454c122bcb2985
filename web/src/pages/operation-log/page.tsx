import { LogList } from '../../ui/log-list.tsx'
import { useView } from '../../ui/use-view.ts'
import { useColumns } from './columns.tsx'
import { Detail } from './detail.tsx'
import { Filters } from './filters.tsx'
import { defaults, filterOf, isFiltered, noFilter, type Operation, useOperations } from './view.ts'

export default function OperationLog() {
  const { view, change } = useView(defaults)
  const columns = useColumns(change)
  return (
    <LogList<Operation>
      name="operation-log"
      query={useOperations(view)}
      rowKey="id"
      columns={columns}
      view={view}
      change={change}
      filtered={isFiltered(view)}
      onClear={() => change(noFilter)}
      filters={<Filters view={view} change={change} />}
      route="GET /api/operation-log/export"
      filter={() => filterOf(view)}
      expandable={{
        expandedRowRender: operation => <Detail operation={operation} />,
        rowExpandable: ({ detail }) => Object.keys(detail).length > 0,
      }}
    />
  )
}
