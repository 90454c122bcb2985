import { Flex } from 'antd'
import { List } from '../../ui/list.tsx'
import { SearchedTo } from '../../ui/searched-to.tsx'
import { useView } from '../../ui/use-view.ts'
import { useColumns } from './columns.tsx'
import { AttemptDrawer } from './drawer.tsx'
import { Filters } from './filters.tsx'
import { Histogram } from './histogram.tsx'
import { type Attempt, defaults, isFiltered, noFilter, useAttempts } from './view.ts'

export default function AuthLog() {
  const { view, change } = useView(defaults)
  const query = useAttempts(view)
  const show = (attempt: string) => change({ attempt, after: view.after })
  const columns = useColumns(show, change)
  return (
    <Flex vertical gap={16}>
      <Histogram view={view} change={change} />
      <SearchedTo page={query.data} onGo={after => change({ after })} />
      <List<Attempt>
        name="auth-log"
        query={query}
        rowKey="request_id"
        columns={columns}
        view={view}
        change={change}
        filtered={isFiltered(view)}
        onClear={() => change(noFilter)}
        filters={<Filters view={view} change={change} />}
      />
      <AttemptDrawer id={view.attempt} onClose={() => show('')} change={change} />
    </Flex>
  )
}
