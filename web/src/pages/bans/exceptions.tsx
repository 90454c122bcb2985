/** Places that automatic bans spare. */
import { PlusOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Button, Empty, Popconfirm, type TableProps, Tag, Tooltip, Typography } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import type { Answer, Query } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { Choice } from '../../ui/choice.tsx'
import { List } from '../../ui/list.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-act.ts'
import { useView } from '../../ui/use-view.ts'
import { ExceptionForm } from './exception-form.tsx'
import { texts } from './texts.ts'

export type Exception = Answer<'GET /api/exceptions/{id}'>

const defaults = { tab: 'bans', kind: '', search: '', address: '', after: '', limit: '50' }

export function Exceptions() {
  const t = useTexts(texts)
  const { view, change } = useView(defaults)
  const mayChange = useMay('operator')
  const [form, setForm] = useState<Exception | 'new' | null>(null)
  const { kind, search, address, after, limit } = view
  const query = useQuery({
    queryKey: ['exceptions', { kind, search, address, after, limit }],
    queryFn: ({ signal }) => {
      const query = { kind, search, address, after, limit: Number(limit) }
      return ask('GET /api/exceptions', { query: query as Query<'GET /api/exceptions'>, signal })
    },
    placeholderData: keepPreviousData,
  })
  const columns = useColumns(setForm)
  const adder = mayChange && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm('new')}>
      {t.addException}
    </Button>
  )
  return (
    <>
      <List
        name="exceptions"
        query={query}
        rowKey="id"
        columns={columns}
        view={view}
        change={change}
        filtered={kind !== '' || search !== '' || address !== ''}
        onClear={() => change({ kind: '', search: '', address: '' })}
        empty={
          <Empty
            description={
              <>
                <strong>{t.noExceptions}</strong>
                <p>{t.noExceptionsHint}</p>
              </>
            }
          >
            {adder}
          </Empty>
        }
        filters={
          <>
            {adder}
            <Choice
              label={t.kind}
              value={kind}
              options={Object.entries(t.kinds).map(([value, label]) => ({ value, label }))}
              onChange={kind => change({ kind })}
            />
            <SearchBox value={search} label={t.exceptionSearch} onChange={search => change({ search })} />
            <SearchBox
              value={address}
              label={t.exceptionAddress}
              width={275}
              onChange={address => change({ address })}
            />
          </>
        }
      />
      {form !== null && (
        <ExceptionForm exception={form === 'new' ? null : form} onClose={() => setForm(null)} />
      )}
    </>
  )
}

function useColumns(onChange: (exception: Exception) => void): NonNullable<TableProps<Exception>['columns']> {
  const t = useTexts(texts)
  const mayChange = useMay('operator')
  return [
    {
      key: 'cidr',
      title: t.cidr,
      render: (_, { cidr }) => <Typography.Text copyable>{cidr}</Typography.Text>,
    },
    {
      key: 'kind',
      title: t.kind,
      render: (_, { kind }) => (
        <Tooltip title={t.kindHints[kind]}>
          <Tag color={kind === 'allow' ? 'purple' : 'blue'}>{t.kinds[kind]}</Tag>
        </Tooltip>
      ),
    },
    {
      key: 'note',
      title: t.note,
      render: (_, { note }) => (
        <Typography.Text ellipsis={{ tooltip: note }} style={{ maxWidth: 320 }}>
          {note || '–'}
        </Typography.Text>
      ),
    },
    { key: 'author', title: t.author, dataIndex: 'author' },
    { key: 'created', title: t.created, render: (_, { created_at }) => <Time at={created_at} /> },
    {
      key: 'acts',
      title: '',
      hidden: !mayChange,
      render: (_, exception) => (
        <>
          <Button type="link" size="small" onClick={() => onChange(exception)}>
            {t.change}
          </Button>
          <RemoveButton exception={exception} />
        </>
      ),
    },
  ]
}

function RemoveButton({ exception: { id, cidr } }: { exception: Exception }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const remove = useAct(() => ask('DELETE /api/exceptions/{id}', { path: { id } }), {
    done: t.exceptionRemoved,
    touches: 'exceptions',
  })
  return (
    <Popconfirm
      title={t.removeAsk(cidr)}
      description={t.removeHint}
      okText={ui.remove}
      onConfirm={() => remove.mutateAsync().catch(() => {})}
    >
      <Button type="link" size="small" danger loading={remove.isPending}>
        {ui.remove}
      </Button>
    </Popconfirm>
  )
}
