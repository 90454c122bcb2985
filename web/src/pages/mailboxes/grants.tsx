import { Button, Popconfirm, Table, Tag, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-act.ts'
import { drawerTexts } from './drawer-texts.ts'
import type { Mailbox } from './mailbox.ts'
import { Section } from './section.tsx'

type Grant = Mailbox['grants'][number]

export function Grants({ mailbox: { name, totp, grants } }: { mailbox: Mailbox }) {
  const t = useTexts(drawerTexts)
  const mayChange = useMay('operator')
  const after = { touches: 'users', done: t.ended }
  const end = useAct(
    (grant: string) => ask('DELETE /api/users/{name}/grants/{grant}', { path: { name, grant } }),
    after,
  )
  const endAll = useAct(() => ask('DELETE /api/users/{name}/grants', { path: { name } }), after)
  // Only one-time codes make grants.
  if (totp === 'off' && grants.length === 0) return null
  const isAnyLive = grants.some(({ state }) => state === 'live')
  return (
    <Section
      title={t.grants}
      hint={t.grantsHint}
      extra={
        mayChange &&
        isAnyLive && (
          <Popconfirm
            title={t.sureEndAll}
            description={t.sureEndAllHint}
            okText={t.endAll}
            onConfirm={() => endAll.mutate()}
          >
            <Button danger loading={endAll.isPending}>
              {t.endAll}
            </Button>
          </Popconfirm>
        )
      }
    >
      {grants.length === 0 ? (
        <Typography.Text type="secondary">{t.noGrants}</Typography.Text>
      ) : (
        <Table<Grant>
          size="small"
          rowKey="id"
          dataSource={grants}
          pagination={{ pageSize: 5, hideOnSinglePage: true, showSizeChanger: false }}
          scroll={{ x: 'max-content' }}
          columns={[
            {
              key: 'network',
              title: t.network,
              render: (_, { network }) =>
                network === '' ? (
                  t.noAddress
                ) : (
                  <PageLink to="/auth-log" search={{ user: name, address: network }}>
                    {network}
                  </PageLink>
                ),
            },
            {
              key: 'state',
              title: t.grantState,
              render: (_, { state, roamed }) => (
                <Tag color={state === 'live' ? 'green' : undefined} title={roamed ? t.roamed : undefined}>
                  {t.states[state]}
                </Tag>
              ),
            },
            { key: 'used', title: t.used, render: (_, { used_at }) => <Time at={used_at} /> },
            { key: 'ends', title: t.ends, render: (_, { ends_at }) => <Time at={ends_at} /> },
            {
              key: 'end',
              render: (_, { id, state }) =>
                mayChange &&
                state === 'live' && (
                  <Button
                    size="small"
                    loading={end.variables === id && end.isPending}
                    onClick={() => end.mutate(id)}
                  >
                    {t.end}
                  </Button>
                ),
            },
          ]}
        />
      )}
    </Section>
  )
}
