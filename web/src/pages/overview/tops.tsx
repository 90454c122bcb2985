/** Who stands out today; a row leads to the attempts behind it. */
import { Card, Empty, Segmented, Table } from 'antd'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { BanButton } from '../bans/ban-button.tsx'
import { type Overview, useOverviewView } from './overview.ts'
import { texts } from './texts.ts'

const kinds = ['user', 'address', 'network'] as const
type Kind = (typeof kinds)[number]
type Top = Overview['tops']['user'][number]

export function Tops({ overview }: { overview: Overview }) {
  const t = useTexts(texts)
  const { view, change } = useOverviewView()
  const kind = kinds.find(each => each === view.top) ?? 'user'
  return (
    <Card
      size="small"
      title={t.tops}
      extra={
        <Segmented
          size="small"
          aria-label={t.tops}
          value={kind}
          options={kinds.map(value => ({ value, label: t.topsBy[value] }))}
          onChange={top => change({ top })}
        />
      }
    >
      <TopTable key={kind} kind={kind} tops={overview.tops[kind]} since={overview.tops.since} />
    </Card>
  )
}

function TopTable({ kind, tops, since }: { kind: Kind; tops: Top[]; since: number }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  const count = (title: string, field: 'tried' | 'failed' | 'succeeded', result?: string) => ({
    key: field,
    title,
    align: 'end' as const,
    sorter: (a: Top, b: Top) => a[field] - b[field],
    render: (_: unknown, top: Top) =>
      top[field] === 0 ? (
        '0'
      ) : (
        <Attempts
          kind={kind}
          since={since}
          name={top.name}
          result={result}
          text={top[field].toLocaleString(locale)}
        />
      ),
  })
  return (
    <Table<Top>
      size="small"
      rowKey="name"
      dataSource={tops}
      pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.noTops} /> }}
      columns={[
        {
          key: 'name',
          title: t.topsBy[kind],
          render: (_, { name }) => <Attempts kind={kind} since={since} name={name} text={name} />,
        },
        count(t.attempts, 'tried'),
        count(ui.failed, 'failed', 'failed'),
        count(ui.success, 'succeeded', 'success'),
        {
          key: 'ban',
          align: 'end',
          hidden: kind === 'user',
          render: (_, { name }) => <BanButton cidr={name} short />,
        },
      ]}
    />
  )
}

interface AttemptsProps {
  kind: Kind
  since: number
  name: string
  result?: string
  text: string
}

const Attempts = ({ kind, since, name, result, text }: AttemptsProps) => (
  <PageLink
    to="/auth-log"
    search={{
      since: String(since),
      [kind === 'user' ? 'user' : 'address']: name,
      ...(result !== undefined && { result }),
    }}
  >
    {text}
  </PageLink>
)
