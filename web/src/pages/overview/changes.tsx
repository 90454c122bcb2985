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
    <Card
      size="small"
      title={t.changes}
      extra={
        <PageLink to="/operation-log" search={all}>
          {t.allChanges}
        </PageLink>
      }
    >
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      <Table<Operation>
        size="small"
        rowKey="id"
        showHeader={false}
        loading={isPending}
        dataSource={(data?.items ?? []).filter(isChange).slice(0, shown)}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: isPending ? ' ' : t.noChanges }}
        columns={[
          { key: 'time', render: (_, { time }) => <Time at={time} /> },
          { key: 'action', render: (_, { action }) => actionText(action) },
          {
            key: 'target',
            render: (_, { target }) => (
              <PageLink to="/operation-log" search={{ ...all, target }}>
                {target}
              </PageLink>
            ),
          },
          {
            key: 'actor',
            render: (_, { actor }) => <Typography.Text type="secondary">{actor}</Typography.Text>,
          },
        ]}
      />
    </Card>
  )
}
