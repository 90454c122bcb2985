/** One attempt explained: what it means, what to do, and what stood where. */
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Drawer, Flex, Grid, Skeleton, Typography } from 'antd'
import { ApiProblem, ask } from '../../api/ask.ts'
import { useLanguage, useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import { ProblemNote } from '../../ui/problem.tsx'
import { BanButton } from '../bans/ban-button.tsx'
import { Facts } from './facts.tsx'
import { Guard } from './guard.tsx'
import { texts } from './texts.ts'
import { type Change, noFilter } from './view.ts'

interface Props {
  /** '' = none. */
  id: string
  onClose(): void
  change: Change
}

export function AttemptDrawer({ id, onClose, change }: Props) {
  const t = useTexts(texts)
  const wide = Grid.useBreakpoint().md ?? true
  return (
    <Drawer open={id !== ''} onClose={onClose} title={t.attempt} size={wide ? 640 : '100%'} destroyOnHidden>
      {id !== '' && <Explained id={id} change={change} />}
    </Drawer>
  )
}

const kinds = { accept: 'success', refuse: 'error', later: 'warning' } as const

function Explained({ id, change }: { id: string; change: Change }) {
  const t = useTexts(texts)
  const language = useLanguage()
  const { data, error, refetch } = useQuery({
    queryKey: ['attempt', id],
    queryFn: ({ signal }) => ask('GET /api/auth-log/{request_id}', { path: { request_id: id }, signal }),
  })
  if (error instanceof ApiProblem && error.status === 404)
    return <Alert type="warning" showIcon title={t.gone} />
  if (error) return <ProblemNote error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton active paragraph={{ rows: 10 }} />
  const { attempt, kind, meaning, remedy, command } = data
  const { user, client_address, client_network } = attempt
  // The command stands below, where it can be copied.
  const advice = remedy[language].replace(command ?? '', '').trim()
  return (
    <Flex vertical gap={20}>
      <Alert
        type={kind === null ? 'info' : kinds[kind]}
        showIcon
        title={<Typography.Text strong>{asSentence(meaning[language])}</Typography.Text>}
        description={kind && t.kinds[kind]}
      />
      {remedy[language] !== '' && (
        <section>
          <h2 style={{ fontSize: 15 }}>{t.remedy}</h2>
          {advice !== '' && <Typography.Paragraph style={{ marginBottom: 4 }}>{advice}</Typography.Paragraph>}
          {command !== null && (
            <Typography.Text code copyable={{ text: command }}>
              {command}
            </Typography.Text>
          )}
        </section>
      )}
      <Flex wrap gap={8} align="center">
        {user !== '' && (
          <Button onClick={() => change({ ...noFilter, attempt: '', user })}>{t.allOfUser}</Button>
        )}
        {client_address !== '' && (
          <Button onClick={() => change({ ...noFilter, attempt: '', address: client_address })}>
            {t.allOfAddress}
          </Button>
        )}
        {user !== '' && (
          <PageLink to="/mailboxes" search={{ name: user }}>
            {t.openMailbox}
          </PageLink>
        )}
      </Flex>
      {client_address !== '' && (
        <Flex wrap gap={8}>
          <BanButton cidr={client_address} />
          {client_network !== '' && <BanButton cidr={client_network} />}
        </Flex>
      )}
      <Guard explained={data} />
      <Facts attempt={attempt} />
    </Flex>
  )
}

/** What the gateway says on a line of its command line begins small. */
const asSentence = (text: string) => text.replace(/^./, first => first.toUpperCase())
