import { Button, Popconfirm, Table, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-act.ts'
import { drawerTexts } from './drawer-texts.ts'
import type { Mailbox } from './mailbox.ts'
import { Section } from './section.tsx'

type Network = Mailbox['networks'][number]

export function Networks({ mailbox: { name, networks } }: { mailbox: Mailbox }) {
  const t = useTexts(drawerTexts)
  const mayChange = useMay('operator')
  const forget = useAct(
    (network: string | undefined) =>
      ask('DELETE /api/users/{name}/networks', { path: { name }, query: { network } }),
    { touches: 'users', done: t.forgotten },
  )
  return (
    <Section
      title={t.networks}
      hint={t.networksHint}
      extra={
        mayChange &&
        networks.length > 1 && (
          <Popconfirm
            title={t.sureForgetAll}
            description={t.sureForgetHint}
            okText={t.forgetAll}
            onConfirm={() => forget.mutate(undefined)}
          >
            <Button danger>{t.forgetAll}</Button>
          </Popconfirm>
        )
      }
    >
      {networks.length === 0 ? (
        <Typography.Text type="secondary">{t.noNetworks}</Typography.Text>
      ) : (
        <Table<Network>
          size="small"
          rowKey="network"
          dataSource={networks}
          pagination={{ pageSize: 5, hideOnSinglePage: true, showSizeChanger: false }}
          scroll={{ x: 'max-content' }}
          columns={[
            {
              key: 'network',
              title: t.network,
              render: (_, { network }) => (
                <PageLink to="/auth-log" search={{ user: name, address: network }}>
                  {network}
                </PageLink>
              ),
            },
            {
              key: 'last',
              title: t.lastLogin,
              render: (_, { last_success_at }) => <Time at={last_success_at} />,
            },
            {
              key: 'forget',
              align: 'end',
              render: (_, { network }) =>
                mayChange && (
                  <Popconfirm
                    title={t.sureForget(network)}
                    description={t.sureForgetHint}
                    okText={t.forget}
                    onConfirm={() => forget.mutate(network)}
                  >
                    <Button size="small">{t.forget}</Button>
                  </Popconfirm>
                ),
            },
          ]}
        />
      )}
    </Section>
  )
}
