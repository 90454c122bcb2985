/** Notices that were sent, wait, or were given up. */
import { useQuery } from '@tanstack/react-query'
import { Card, Tag, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import type { Query } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { Choice } from '../../ui/choice.tsx'
import { List } from '../../ui/list.tsx'
import { inWords } from '../../ui/server-words.ts'
import { Time } from '../../ui/time.tsx'
import { useView } from '../../ui/use-view.ts'
import { texts } from './texts.ts'

const defaults = { group: 'security', kind: '', state: '', after: '', limit: '20' }
const colours = { waiting: 'purple', sent: 'blue', failed: 'error' }

export function Notices() {
  const t = useTexts(texts)
  const { view, change } = useView(defaults)
  const { kind, state, after, limit } = view
  const query = useQuery({
    queryKey: ['notifications', { kind, state, after, limit }],
    queryFn: ({ signal }) => {
      const query = { kind, state, after, limit: Number(limit) }
      return ask('GET /api/notifications', { query: query as Query<'GET /api/notifications'>, signal })
    },
  })
  const options = (names: Record<string, string>) =>
    Object.entries(names).map(([value, label]) => ({ value, label }))
  return (
    <Card size="small" title={t.notices}>
      <List
        name="notices"
        query={query}
        rowKey="id"
        view={view}
        change={change}
        filtered={kind !== '' || state !== ''}
        onClear={() => change({ kind: '', state: '' })}
        empty={<Typography.Text type="secondary">{t.noNotices}</Typography.Text>}
        filters={
          <>
            <Choice
              label={t.kind}
              value={kind}
              options={options(t.kinds)}
              onChange={kind => change({ kind })}
            />
            <Choice
              label={t.state}
              value={state}
              options={options(t.states)}
              onChange={state => change({ state })}
            />
          </>
        }
        columns={[
          { key: 'time', title: t.time, render: (_, { created_at }) => <Time at={created_at} /> },
          { key: 'kind', title: t.kind, render: (_, { kind }) => t.kinds[kind] },
          { key: 'to', title: t.to, dataIndex: 'recipient' },
          {
            key: 'state',
            title: t.state,
            render: (_, { state }) => <Tag color={colours[state]}>{t.states[state]}</Tag>,
          },
          { key: 'tries', title: t.tries, dataIndex: 'tries' },
          {
            key: 'error',
            title: t.error,
            render: (_, { error }) => (
              <Typography.Text type="danger" ellipsis={{ tooltip: inWords(error) }} style={{ maxWidth: 320 }}>
                {inWords(error)}
              </Typography.Text>
            ),
          },
        ]}
      />
    </Card>
  )
}
