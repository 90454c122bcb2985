import { Link } from '@tanstack/react-router'
import { Flex, type TableProps, Tag, Tooltip } from 'antd'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { Time } from '../../ui/time.tsx'
import { texts } from './texts.ts'
import { defaults, type View } from './view.ts'

type Row = Answer<'GET /api/users'>['items'][number]

export function useColumns(view: View): NonNullable<TableProps<Row>['columns']> {
  const t = useTexts(texts)
  const sortable = (key: string) => ({
    key,
    sorter: true,
    sortOrder:
      view.sort === key ? (view.order === 'desc' ? ('descend' as const) : ('ascend' as const)) : null,
  })
  return [
    { ...sortable('name'), title: t.name, render: (_, { name }) => <Opener view={view} name={name} /> },
    {
      ...sortable('owner'),
      title: t.owner,
      ellipsis: true,
      width: 140,
      render: (_, { owner }) => owner || '–',
    },
    { key: 'state', title: t.state, render: (_, row) => <State {...row} /> },
    {
      key: 'totp',
      title: t.totp,
      render: (_, { totp }) => (
        <Tag color={{ off: undefined, pending: 'gold', on: 'green' }[totp]}>{t.totpStates[totp]}</Tag>
      ),
    },
    {
      key: 'protocols',
      title: t.protocols,
      render: (_, { protocols }) => protocols.map(name => name.toUpperCase()).join(' · '),
    },
    { key: 'pool', title: t.pool, render: (_, { pool }) => pool ?? '–' },
    {
      key: 'guesses',
      title: t.guesses,
      align: 'end',
      render: (_, { guesses }) => <Tooltip title={t.guessesHint}>{guesses}</Tooltip>,
    },
    { ...sortable('created_at'), title: t.createdAt, render: (_, row) => <Time at={row.created_at} /> },
    { ...sortable('updated_at'), title: t.updatedAt, render: (_, row) => <Time at={row.updated_at} /> },
  ]
}

/** One long name must not push the other columns out of sight. */
const nameStyle = {
  display: 'inline-block',
  maxWidth: 220,
  overflowWrap: 'anywhere',
  whiteSpace: 'normal',
} as const

/** A link, so that it can be copied, and opened beside. */
function Opener({ view, name }: { view: View; name: string }) {
  const search = Object.entries({ ...view, name }).filter(
    ([field, value]) => value !== defaults[field as keyof View],
  )
  return (
    <Link to="." search={Object.fromEntries(search) as never} resetScroll={false} style={nameStyle}>
      {name}
    </Link>
  )
}

function State({ enabled, locked }: Pick<Row, 'enabled' | 'locked'>) {
  const t = useTexts(texts)
  return (
    <Flex gap={4}>
      <Tag color={enabled ? 'green' : undefined}>{enabled ? t.enabled : t.disabled}</Tag>
      {locked && <Tag color="red">{t.locked}</Tag>}
      {locked === null && <Tag color="gold">{t.lockUnknown}</Tag>}
    </Flex>
  )
}
