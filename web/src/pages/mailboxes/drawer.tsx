/** Everything about one mailbox: what keeps its owner out, and what helps. */
import { useQuery } from '@tanstack/react-query'
import { Alert, Drawer, Flex, Grid, Skeleton } from 'antd'
import { ApiProblem, ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { Acts } from './acts.tsx'
import { Attempts } from './attempts.tsx'
import { Codes } from './codes.tsx'
import { drawerTexts } from './drawer-texts.ts'
import { Edit } from './edit.tsx'
import { Grants } from './grants.tsx'
import type { Mailbox } from './mailbox.ts'
import { Networks } from './networks.tsx'
import { Section } from './section.tsx'
import { Standing } from './standing.tsx'

/** @param name '' = closed */
export function MailboxDrawer({ name, onClose }: { name: string; onClose(): void }) {
  const t = useTexts(drawerTexts)
  const wide = Grid.useBreakpoint().md ?? true
  const query = useQuery({
    queryKey: ['users', 'one', name],
    queryFn: ({ signal }) => ask('GET /api/users/{name}', { path: { name }, signal }),
    enabled: name !== '',
  })
  const { data, error, refetch } = query
  const isMissing = error instanceof ApiProblem && error.code === 'not_found'
  return (
    <Drawer
      open={name !== ''}
      onClose={onClose}
      title={name}
      size={wide ? 720 : '100%'}
      extra={data && !isMissing && <Acts mailbox={data} onDeleted={onClose} />}
    >
      {isMissing ? (
        <Alert type="warning" showIcon title={t.missing} />
      ) : (
        <>
          {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
          {/* It stays while the gateway is away: a form in it may be half filled. */}
          {data && <Sections key={data.id} mailbox={data} />}
          {!data && !error && <Skeleton active paragraph={{ rows: 12 }} />}
        </>
      )}
    </Drawer>
  )
}

function Sections({ mailbox }: { mailbox: Mailbox }) {
  const t = useTexts(drawerTexts)
  return (
    <Flex vertical gap={20}>
      <Section title={t.standing}>
        <Standing mailbox={mailbox} />
      </Section>
      <Attempts mailbox={mailbox} />
      <Edit mailbox={mailbox} />
      <Codes mailbox={mailbox} />
      <Grants mailbox={mailbox} />
      <Networks mailbox={mailbox} />
    </Flex>
  )
}
