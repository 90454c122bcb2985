import { Flex } from 'antd'
import { useTexts } from '../../app/language.ts'
import { LogList } from '../../ui/log-list.tsx'
import { PageLink } from '../../ui/page-link.tsx'
import { useView } from '../../ui/use-view.ts'
import { useColumns } from './columns.tsx'
import { AttemptDrawer } from './drawer.tsx'
import { Filters } from './filters.tsx'
import { Histogram, useCounts } from './histogram.tsx'
import { texts } from './texts.ts'
import { type Attempt, defaults, filterOf, isFiltered, noFilter, useAttempts } from './view.ts'

export default function AuthLog() {
  const { view, change } = useView(defaults)
  const attempts = useAttempts(view)
  const counts = useCounts(view)
  // Whoever asks again wants both: the table and what stands above it.
  const refetch: typeof attempts.refetch = options => {
    void counts.refetch(options)
    return attempts.refetch(options)
  }
  const show = (attempt: string) => change({ attempt, after: view.after })
  const columns = useColumns(show, change)
  return (
    <Flex vertical gap={16}>
      <Histogram view={view} change={change} counts={counts} isSaid={attempts.isError} />
      <LogList<Attempt>
        name="auth-log"
        query={{ ...attempts, refetch }}
        rowKey="request_id"
        columns={columns}
        view={view}
        change={change}
        filtered={isFiltered(view)}
        onClear={() => change(noFilter)}
        hint={<NoneYet />}
        filters={<Filters view={view} change={change} />}
        route="GET /api/auth-log/export"
        filter={() => filterOf(view)}
      />
      <AttemptDrawer id={view.attempt} onClose={() => show('')} change={change} />
    </Flex>
  )
}

function NoneYet() {
  const t = useTexts(texts)
  return (
    <>
      {t.noneYet} <PageLink to="/health">{t.toHealth}</PageLink>
    </>
  )
}
