/** One ban, with what led to it. */
import { useQuery } from '@tanstack/react-query'
import { Button, Descriptions, Drawer, Flex, Skeleton, Tag, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import { ProblemNote } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import type { Ban } from './bans.tsx'
import { LiftButton } from './lift-button.tsx'
import { texts } from './texts.ts'
import { BanState } from './use-columns.tsx'

interface Props {
  /** '' = none. */
  id: string
  onClose(): void
  onChange(ban: Ban): void
}

export function BanDrawer({ id, onClose, onChange }: Props) {
  const t = useTexts(texts)
  const mayChange = useMay('operator')
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['bans', 'one', id],
    queryFn: ({ signal }) => ask('GET /api/bans/{id}', { path: { id }, signal }),
    enabled: id !== '',
  })
  return (
    <Drawer
      open={id !== ''}
      onClose={onClose}
      size="min(560px, 100vw)"
      title={data?.cidr ?? t.bans}
      extra={
        data?.in_force &&
        mayChange && (
          <>
            <Button onClick={() => onChange(data)}>{t.change}</Button>
            <LiftButton ban={data} />
          </>
        )
      }
    >
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      {isPending && <Skeleton active />}
      {data && <Facts ban={data} />}
    </Drawer>
  )
}

function Facts({ ban }: { ban: Ban }) {
  const t = useTexts(texts)
  return (
    <Flex vertical gap={16}>
      <Descriptions
        column={1}
        size="small"
        bordered
        styles={{ label: { whiteSpace: 'nowrap' } }}
        items={[
          { key: 'state', label: t.state, children: <BanState ban={ban} /> },
          { key: 'event', label: t.event, children: t.events[ban.event_type] },
          ...(ban.evidence ? [] : [{ key: 'reason', label: t.reason, children: ban.reason }]),
          {
            key: 'author',
            label: t.author,
            children: ban.author === 'automatic' ? t.automatic : ban.author,
          },
          { key: 'begins', label: t.begins, children: <Time at={ban.starts_at} exact /> },
          {
            key: 'ends',
            label: t.ends,
            children: ban.ends_at === null ? t.forEver : <Time at={ban.ends_at} exact />,
          },
          ...(ban.lifted_at === null
            ? []
            : [{ key: 'lifted', label: t.liftedAt, children: <Time at={ban.lifted_at} exact /> }]),
        ]}
      />
      {ban.evidence && <Evidence evidence={ban.evidence} level={ban.level} />}
      <PageLink to="/auth-log" search={{ address: ban.cidr }}>
        {t.attempts}
      </PageLink>
    </Flex>
  )
}

function Evidence({ evidence, level }: { evidence: NonNullable<Ban['evidence']>; level: number }) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const { counter, count, users } = evidence
  const number = count.toLocaleString(locale)
  return (
    <section>
      <Typography.Title level={2} style={{ fontSize: 16 }}>
        {t.evidence}
      </Typography.Title>
      <p>{t.evidenceOf[counter]?.(number) ?? `${counter}: ${number}`}</p>
      <p>{t.level(level)}</p>
      {users.length > 0 && (
        <Flex wrap gap={8} align="center">
          {t.tried}:
          {users.map(name => (
            <PageLink key={name} to="/mailboxes" search={{ name }}>
              <Tag style={{ marginInlineEnd: 0 }}>{name}</Tag>
            </PageLink>
          ))}
        </Flex>
      )}
    </section>
  )
}
