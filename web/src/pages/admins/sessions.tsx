import { useQuery } from '@tanstack/react-query'
import { Button, Modal, Popconfirm } from 'antd'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { SessionTable } from '../../ui/session-table.tsx'
import { useAct } from '../../ui/use-act.ts'
import { texts } from './texts.ts'

export function Sessions({ username, onClose }: { username: string; onClose(): void }) {
  const t = useTexts(texts)
  const path = { username }
  const { data, error, refetch } = useQuery({
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
      <SessionTable sessions={data?.items} />
    </Modal>
  )
}
