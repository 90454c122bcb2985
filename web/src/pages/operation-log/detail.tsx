/** Before and after, field by field, or why it was refused. */
import { Alert, Descriptions, Flex, Table, Typography } from 'antd'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { inWords } from '../../ui/server-words.ts'
import { uiTexts } from '../../ui/texts.ts'
import { formatTime } from '../../ui/time.tsx'
import { changesOf, othersOf, refusalOf } from './changes.ts'
import { texts } from './texts.ts'
import type { Operation } from './view.ts'

/** As wide as what is seen of the table, and there while the rows are scrolled sideways. */
const inSight = {
  position: 'sticky',
  insetInlineStart: 8,
  width: 'calc(100vw - 40px)',
  maxWidth: 900,
} as const

export function Detail({ operation }: { operation: Operation }) {
  const t = useTexts(texts)
  const refusal = refusalOf(operation.detail)
  const changes = changesOf(operation.detail)
  const others = othersOf(operation.detail)
  return (
    <Flex vertical gap={12} style={inSight}>
      {refusal && (
        <Alert
          type="error"
          showIcon
          title={inWords(refusal.message)}
          description={<code>{refusal.code}</code>}
        />
      )}
      {changes.length > 0 && (
        <Table
          size="small"
          pagination={false}
          rowKey="field"
          dataSource={changes}
          columns={[
            { title: t.field, dataIndex: 'field', render: field => <code>{field}</code> },
            {
              title: t.before,
              render: (_, { field, before }) => <Value field={field} value={before} />,
            },
            {
              title: t.after,
              render: (_, { field, after, before }) => (
                <Value field={field} value={after} strong={before !== undefined} />
              ),
            },
          ]}
        />
      )}
      {others.length > 0 && (
        <Descriptions
          size="small"
          column={1}
          items={others.map(([field, value]) => ({
            key: field,
            label: <code>{field}</code>,
            children: <Value field={field} value={value} />,
          }))}
        />
      )}
      <Typography.Text type="secondary" copyable={{ text: operation.id }}>
        {t.id} {operation.id}
      </Typography.Text>
    </Flex>
  )
}

const isTime = (field: string, value: unknown): value is number =>
  typeof value === 'number' && /_(at|until)$/.test(field) && value > 1e11

function Value({ field, value, strong = false }: { field: string; value: unknown; strong?: boolean }) {
  const ui = useTexts(uiTexts)
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  if (value === undefined) return '–'
  if (value === null || value === '') return <Typography.Text type="secondary">{t.empty}</Typography.Text>
  const text = isTime(field, value)
    ? formatTime(value, locale)
    : typeof value === 'boolean'
      ? value
        ? ui.yes
        : ui.no
      : typeof value === 'object'
        ? printObject(value)
        : String(value)
  return (
    <Typography.Text strong={strong} style={{ overflowWrap: 'anywhere' }}>
      {text}
    </Typography.Text>
  )
}

const printObject = (value: object): string =>
  Array.isArray(value) && value.every(each => typeof each !== 'object')
    ? value.join(', ')
    : JSON.stringify(value)
