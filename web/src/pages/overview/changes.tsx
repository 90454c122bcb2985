/** What administrators have changed since yesterday began, the newest first. */
import { useQuery } from '@tanstack/react-query'
import { Card, Table, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import { ProblemNote } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { useActionText } from '../operation-log/actions.ts'
import { texts } from './texts.ts'

type Operation = Answer<'GET /api/operation-log'>['items'][number]

const shown = 5
/** Among so many there are some that are no sign-ins. */
const looked = 50

const isChange = ({ action }: Operation): boolean => !/^(sign-|session )/.test(action)

/** @param since UTC milliseconds */
export function Changes({ since }: { since: number }) {
  const t = useTexts(texts)
  const actionText = useActionText()
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['operation-log', 'changes', since],
    queryFn: ({ signal }) =>
      ask('GET /api/operation-log', { query: { since, result: 'success', limit: looked }, signal }),
  })
  const all = { since: String(since), result: 'success' }
  return (
    <Card size="small" title={t.changes} style={{ height: '100%' }}>
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      <Table<Operation>
        size="small"
        rowKey="id"
        showHeader={false}
        loading={isPending}
        dataSource={(data?.items ?? []).filter(isChange).slice(0, shown)}
        pagination={false}
        locale={{ emptyText: isPending ? ' ' : t.noChanges }}
        columns={[
          {
            key: 'change',
            render: (_, { action, target }) => (
              <>
                {actionText(action)}
                <br />
                <PageLink to="/operation-log" search={{ ...all, target }}>
                  {target}
                </PageLink>
              </>
            ),
            onCell: () => ({ style: { overflowWrap: 'anywhere' } }),
          },
          {
            key: 'by',
            align: 'end',
            width: '40%',
            render: (_, { time, actor }) => (
              <>
                <Time at={time} />
                <br />
                <Typography.Text type="secondary">{actor}</Typography.Text>
              </>
            ),
          },
        ]}
      />
      <div style={{ paddingBlockStart: 12 }}>
        <PageLink to="/operation-log" search={all}>
          {t.allChanges}
        </PageLink>
      </div>
    </Card>
  )
}
