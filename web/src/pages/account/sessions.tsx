import { useQuery } from '@tanstack/react-query'
import { Button, Card, Popconfirm, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { SessionTable } from '../../ui/session-table.tsx'
import { useAct } from '../../ui/use-act.ts'
import { texts } from './texts.ts'

export function OwnSessions() {
  const t = useTexts(texts)
  const { data, error, refetch } = useQuery({
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
      <SessionTable
        sessions={data?.items}
        act={({ id, current }) =>
          !current && (
            <Button
              size="small"
              loading={end.isPending && end.variables === id}
              onClick={() => end.mutate(id)}
            >
              {t.end}
            </Button>
          )
        }
      />
    </Card>
  )
}
