import { useQuery } from '@tanstack/react-query'
import { Button, Card, Popconfirm, Table, Tag, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-act.ts'
import { nameBrowser } from '../../ui/user-agent.ts'
import { texts } from './texts.ts'

type Session = Answer<'GET /api/session/sessions'>['items'][number]

export function OwnSessions() {
  const t = useTexts(texts)
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['own-sessions'],
    queryFn: ({ signal }) => ask('GET /api/session/sessions', { signal }),
  })
  const after = { touches: 'own-sessions', done: t.ended }
  const end = useAct((id: string) => ask('DELETE /api/session/sessions/{id}', { path: { id } }), after)
  const endOthers = useAct(() => ask('DELETE /api/session/sessions'), after)
  const others = (data?.items ?? []).filter(({ current }) => !current)
  return (
    <Card
      title={t.sessions}
      size="small"
      extra={
        <Popconfirm
          title={t.sureEndOthers}
          description={t.sureEndOthersHint}
          okText={t.endOthers}
          onConfirm={() => endOthers.mutate()}
        >
          <Button danger disabled={others.length === 0} loading={endOthers.isPending}>
            {t.endOthers}
          </Button>
        </Popconfirm>
      }
    >
      <Typography.Paragraph type="secondary">{t.sessionsHint}</Typography.Paragraph>
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      <Table<Session>
        size="small"
        rowKey="id"
        loading={isPending}
        dataSource={data?.items ?? []}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        columns={[
          {
            key: 'browser',
            title: t.browser,
            render: (_, { user_agent, current }) => (
              <span title={user_agent}>
                {nameBrowser(user_agent)} {current && <Tag color="blue">{t.thisOne}</Tag>}
              </span>
            ),
          },
          {
            key: 'from',
            title: t.from,
            render: (_, { client_address }) => <Typography.Text copyable>{client_address}</Typography.Text>,
          },
          { key: 'begun', title: t.begun, render: (_, { created_at }) => <Time at={created_at} /> },
          { key: 'used', title: t.used, render: (_, { used_at }) => <Time at={used_at} /> },
          {
            key: 'end',
            align: 'end',
            render: (_, { id, current }) =>
              !current && (
                <Button
                  size="small"
                  loading={end.isPending && end.variables === id}
                  onClick={() => end.mutate(id)}
                >
                  {t.end}
                </Button>
              ),
          },
        ]}
      />
    </Card>
  )
}
