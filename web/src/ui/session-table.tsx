/** Where an administrator is signed in. */
import { Table, Tag, Typography } from 'antd'
import type { ReactNode } from 'react'
import type { Answer } from '../api/types.ts'
import { useTexts } from '../app/language.ts'
import { sessionTexts } from './session-texts.ts'
import { Time } from './time.tsx'
import { nameBrowser } from './user-agent.ts'

type Own = Answer<'GET /api/session/sessions'>['items'][number]
/** Of others, which one is used now is not told. */
type Session = Omit<Own, 'current'> & Partial<Pick<Own, 'current'>>

interface Props {
  sessions: Session[] | undefined
  /** What can be done with one. */
  act?(session: Session): ReactNode
}

export function SessionTable({ sessions, act }: Props) {
  const t = useTexts(sessionTexts)
  return (
    <Table<Session>
      size="small"
      rowKey="id"
      loading={!sessions}
      dataSource={sessions ?? []}
      pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: sessions ? t.none : ' ' }}
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
          render: (_, { client_address }) => (
            <Typography.Text copyable style={{ display: 'inline-block', maxWidth: 170 }}>
              {client_address}
            </Typography.Text>
          ),
        },
        { key: 'begun', title: t.begun, render: (_, { created_at }) => <Time at={created_at} /> },
        { key: 'used', title: t.used, render: (_, { used_at }) => <Time at={used_at} /> },
        ...(act
          ? [{ key: 'act', align: 'end' as const, render: (_: unknown, session: Session) => act(session) }]
          : []),
      ]}
    />
  )
}
