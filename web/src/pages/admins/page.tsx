import { PlusOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Button, Flex, type TableProps, Tag, Tooltip } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useMay, useSession } from '../../api/session.ts'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { texts as appTexts } from '../../app/texts.ts'
import { List } from '../../ui/list.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { formatTime, Time } from '../../ui/time.tsx'
import { useView } from '../../ui/use-view.ts'
import { Acts } from './acts.tsx'
import { Add } from './add.tsx'
import type { Admin } from './admin.ts'
import { OneTimePassword } from './one-time-password.tsx'
import { texts } from './texts.ts'

const defaults = { search: '', after: '', limit: '50' }

export default function Admins() {
  const t = useTexts(texts)
  const { view, change } = useView(defaults)
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState<{ username: string; one_time_password: string } | null>(null)
  const { search, after, limit } = view
  const query = useQuery({
    queryKey: ['admins', view],
    queryFn: ({ signal }) =>
      ask('GET /api/admins', { query: { search, after, limit: Number(limit) }, signal }),
    placeholderData: keepPreviousData,
  })
  const mayChange = useMay('superadmin')
  const columns = useColumns(setMade)
  return (
    <>
      {mayChange && (
        <Button
          type="primary"
          icon={<PlusOutlined />}
          style={{ marginBottom: 12 }}
          onClick={() => setAdding(true)}
        >
          {t.add}
        </Button>
      )}
      <List
        name="admins"
        query={query}
        rowKey="username"
        columns={columns}
        view={view}
        change={change}
        filtered={search !== ''}
        onClear={() => change({ search: '' })}
        filters={<SearchBox value={search} label={t.search} onChange={search => change({ search })} />}
      />
      {adding && (
        <Add
          onClose={() => setAdding(false)}
          onAdded={admin => {
            setAdding(false)
            setMade(admin)
          }}
        />
      )}
      {made && <OneTimePassword {...made} onClose={() => setMade(null)} />}
    </>
  )
}

function useColumns(
  onPassword: (made: { username: string; one_time_password: string }) => void,
): NonNullable<TableProps<Admin>['columns']> {
  const t = useTexts(texts)
  const app = useTexts(appTexts)
  const { username: own } = useSession()
  const mayChange = useMay('superadmin')
  return [
    {
      key: 'username',
      title: t.username,
      render: (_, { username }) => (
        <>
          {username} {username === own && <Tag color="blue">{t.you}</Tag>}
        </>
      ),
    },
    {
      key: 'role',
      title: t.role,
      render: (_, { role }) => <Tooltip title={t.roleHints[role]}>{app.roles[role]}</Tooltip>,
    },
    { key: 'state', title: t.state, render: (_, admin) => <State admin={admin} /> },
    { key: 'codes', title: t.codes, render: (_, { totp }) => t.codeStates[totp] },
    {
      key: 'last',
      title: t.lastSignIn,
      render: (_, { last_signed_in_at: at }) => (at === null ? t.never : <Time at={at} />),
    },
    { key: 'created', title: t.createdAt, render: (_, { created_at }) => <Time at={created_at} /> },
    {
      key: 'acts',
      title: '',
      align: 'end',
      hidden: !mayChange,
      render: (_, admin) => <Acts admin={admin} own={admin.username === own} onPassword={onPassword} />,
    },
  ]
}

function State({ admin: { enabled, locked_until, must_change_password } }: { admin: Admin }) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  return (
    <Flex gap={4}>
      <Tag color={enabled ? 'green' : undefined}>{enabled ? t.enabled : t.disabled}</Tag>
      {locked_until !== null && (
        <Tooltip title={t.lockedHint(formatTime(locked_until, locale))}>
          <Tag color="red">{t.locked}</Tag>
        </Tooltip>
      )}
      {must_change_password && <Tag color="gold">{t.mustChange}</Tag>}
    </Flex>
  )
}
