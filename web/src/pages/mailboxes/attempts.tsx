import { Alert, Flex, Table, Tag, Typography } from 'antd'
import { useTexts } from '../../app/language.ts'
import { Address } from '../../ui/address.tsx'
import { PageLink } from '../../ui/page-link.tsx'
import { useReasonText } from '../../ui/reasons.ts'
import { Time } from '../../ui/time.tsx'
import { drawerTexts } from './drawer-texts.ts'
import type { Mailbox } from './mailbox.ts'
import { Section } from './section.tsx'

type Attempt = Mailbox['last_logins'][number]

const isBan = ({ reason }: Attempt) => reason === 'banned' || reason === 'banned_automatically'

export function Attempts({ mailbox }: { mailbox: Mailbox }) {
  const t = useTexts(drawerTexts)
  const reasonText = useReasonText()
  const { name, last_logins, last_refusals } = mailbox
  const attempts = [...last_logins, ...last_refusals].sort((a, b) => b.time - a.time)
  const [latest] = last_refusals
  return (
    <Section
      title={t.attempts}
      extra={
        <PageLink to="/auth-log" search={{ user: name }}>
          {t.toLog}
        </PageLink>
      }
    >
      <Flex vertical gap={8}>
        {latest && isBan(latest) && (
          <Alert
            type="warning"
            showIcon
            title={t.banned(latest.client_address)}
            action={
              <PageLink to="/bans" search={{ address: latest.client_address }}>
                {t.toBans}
              </PageLink>
            }
          />
        )}
        <Table<Attempt>
          size="small"
          rowKey="request_id"
          dataSource={attempts}
          pagination={false}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Typography.Text type="secondary">{t.noAttempts}</Typography.Text> }}
          columns={[
            { key: 'time', title: t.time, render: (_, { time }) => <Time at={time} /> },
            {
              key: 'reason',
              title: t.outcome,
              render: (_, { reason }) => (
                <Tag
                  color={reason === 'ok' ? 'green' : 'red'}
                  style={{ maxWidth: 200, whiteSpace: 'normal' }}
                >
                  {reasonText(reason)}
                </Tag>
              ),
            },
            {
              key: 'protocol',
              title: t.protocol,
              render: (_, { protocol }) => protocol.toUpperCase(),
            },
            {
              key: 'from',
              title: t.from,
              render: (_, { client_address: address }) => (
                <PageLink to="/auth-log" search={{ address }}>
                  <Address>{address}</Address>
                </PageLink>
              ),
            },
          ]}
        />
      </Flex>
    </Section>
  )
}
