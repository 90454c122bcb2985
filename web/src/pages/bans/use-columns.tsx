import { Button, type TableProps, Tag, Typography } from 'antd'
import { useMay } from '../../api/session.ts'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Time } from '../../ui/time.tsx'
import type { Ban } from './bans.tsx'
import { LiftButton } from './lift-button.tsx'
import { texts } from './texts.ts'

export function useColumns(
  onOpen: (id: string) => void,
  onChange: (ban: Ban) => void,
): NonNullable<TableProps<Ban>['columns']> {
  const t = useTexts(texts)
  const mayChange = useMay('operator')
  return [
    {
      key: 'cidr',
      title: t.cidr,
      render: (_, { id, cidr }) => (
        <Typography.Text copyable={{ text: cidr }}>
          <Button type="link" style={{ padding: 0 }} onClick={() => onOpen(id)}>
            {cidr}
          </Button>
        </Typography.Text>
      ),
    },
    { key: 'state', title: t.state, render: (_, ban) => <BanState ban={ban} /> },
    { key: 'event', title: t.event, render: (_, { event_type }) => t.events[event_type] },
    {
      key: 'reason',
      title: t.reason,
      render: (_, ban) => <Reason ban={ban} />,
    },
    {
      key: 'author',
      title: t.author,
      render: (_, { author }) => (author === 'automatic' ? t.automatic : author),
    },
    { key: 'begins', title: t.begins, render: (_, { starts_at }) => <Time at={starts_at} /> },
    {
      key: 'ends',
      title: t.ends,
      render: (_, { ends_at }) => (ends_at === null ? t.forEver : <Time at={ends_at} />),
    },
    {
      key: 'acts',
      title: '',
      hidden: !mayChange,
      render: (_, ban) =>
        ban.in_force && (
          <>
            <Button type="link" size="small" onClick={() => onChange(ban)}>
              {t.change}
            </Button>
            <LiftButton ban={ban} />
          </>
        ),
    },
  ]
}

function Reason({ ban: { reason, evidence } }: { ban: Ban }) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const shown =
    (evidence && t.evidenceOf[evidence.counter]?.(evidence.count.toLocaleString(locale))) ?? reason
  return (
    <Typography.Text ellipsis={{ tooltip: shown }} style={{ maxWidth: 220 }}>
      {shown}
    </Typography.Text>
  )
}

export function BanState({ ban }: { ban: Ban }) {
  const t = useTexts(texts)
  if (ban.in_force) return <Tag color="error">{t.states.active}</Tag>
  return <Tag>{ban.lifted_at === null ? t.states.expired : t.lifted}</Tag>
}
