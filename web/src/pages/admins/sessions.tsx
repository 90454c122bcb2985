import { useQuery } from '@tanstack/react-query'
import { Button, Modal, Popconfirm, Table, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-act.ts'
import { nameBrowser } from '../../ui/user-agent.ts'
import { texts } from './texts.ts'

type Session = Answer<'GET /api/admins/{username}/sessions'>['items'][number]

export function Sessions({ username, onClose }: { username: string; onClose(): void }) {
  const t = useTexts(texts)
  const path = { username }
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['admins', 'sessions', username],
    queryFn: ({ signal }) => ask('GET /api/admins/{username}/sessions', { path, signal }),
  })
  const end = useAct(() => ask('DELETE /api/admins/{username}/sessions', { path }), {
    touches: 'admins',
    done: t.ended,
    onDone: onClose,
  })
  return (
    <Modal
      open
      title={t.sessionsOf(username)}
      width={680}
      onCancel={onClose}
      footer={
        <Popconfirm
          title={t.sureEnd}
          description={t.sureEndHint}
          okText={t.endSessions}
          onConfirm={() => end.mutate()}
        >
          <Button danger disabled={!data?.items.length} loading={end.isPending}>
            {t.endSessions}
          </Button>
        </Popconfirm>
      }
    >
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      <Table<Session>
        size="small"
        rowKey="id"
        loading={isPending}
        dataSource={data?.items ?? []}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: isPending ? ' ' : t.noSessions }}
        columns={[
          {
            key: 'browser',
            title: t.browser,
            render: (_, { user_agent }) => <span title={user_agent}>{nameBrowser(user_agent)}</span>,
          },
          {
            key: 'from',
            title: t.from,
            render: (_, { client_address }) => <Typography.Text copyable>{client_address}</Typography.Text>,
          },
          { key: 'begun', title: t.begun, render: (_, { created_at }) => <Time at={created_at} /> },
          { key: 'used', title: t.used, render: (_, { used_at }) => <Time at={used_at} /> },
        ]}
      />
    </Modal>
  )
}
