/** The list of bans, and what can be done with each. */
import { PlusOutlined, UnorderedListOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Button, Space } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import type { Answer, Query } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { Choice } from '../../ui/choice.tsx'
import { List } from '../../ui/list.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { useView } from '../../ui/use-view.ts'
import { BanDrawer } from './ban-drawer.tsx'
import { BanForm } from './ban-form.tsx'
import { Bulk } from './bulk.tsx'
import { texts } from './texts.ts'
import { useColumns } from './use-columns.tsx'

export type Ban = Answer<'GET /api/bans/{id}'>
type Wanted = Query<'GET /api/bans'>

const defaults = {
  tab: 'bans',
  state: 'active',
  search: '',
  address: '',
  event: '',
  ban: '',
  after: '',
  limit: '50',
}
const filters = { state: 'active', search: '', address: '', event: '' }

export function Bans() {
  const t = useTexts(texts)
  const { view, change } = useView(defaults)
  const mayChange = useMay('operator')
  const [form, setForm] = useState<Ban | 'new' | 'list' | null>(null)
  const query = useBans(view)
  const columns = useColumns(id => change({ ban: id, after: view.after }), setForm)
  const makers = mayChange && (
    <Space wrap>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm('new')}>
        {t.add}
      </Button>
      <Button icon={<UnorderedListOutlined />} onClick={() => setForm('list')}>
        {t.bulk}
      </Button>
    </Space>
  )
  const filtered = view.search !== '' || view.address !== '' || view.event !== ''
  return (
    <>
      <List
        name="bans"
        query={query}
        rowKey="id"
        columns={columns}
        view={view}
        change={change}
        filtered={filtered || view.state !== 'active'}
        onClear={() => change(filters)}
        hint={t.noBansHint}
        filters={
          <>
            {makers}
            <Choice
              label={t.state}
              value={view.state === 'all' ? '' : view.state}
              options={[
                { value: 'active', label: t.states.active },
                { value: 'expired', label: t.states.expired },
              ]}
              onChange={state => change({ state: state || 'all' })}
            />
            <Choice
              label={t.event}
              value={view.event}
              options={Object.entries(t.events).map(([value, label]) => ({ value, label }))}
              onChange={event => change({ event })}
            />
            <SearchBox value={view.search} label={t.search} onChange={search => change({ search })} />
            <SearchBox
              value={view.address}
              label={t.address}
              width={275}
              onChange={address => change({ address })}
            />
          </>
        }
      />
      <BanDrawer id={view.ban} onClose={() => change({ ban: '', after: view.after })} onChange={setForm} />
      {form !== null && form !== 'list' && (
        <BanForm ban={form === 'new' ? null : form} onClose={() => setForm(null)} />
      )}
      {form === 'list' && <Bulk onClose={() => setForm(null)} />}
    </>
  )
}

function useBans({ state, search, address, event, after, limit }: typeof defaults) {
  return useQuery({
    queryKey: ['bans', { state, search, address, event, after, limit }],
    queryFn: async ({ signal }) => {
      const query = { state, search, address, event_type: event, after, limit: Number(limit) }
      const { total, ...page } = await ask('GET /api/bans', { query: query as Wanted, signal })
      return { ...page, ...(total !== null && { total }) }
    },
    placeholderData: keepPreviousData,
  })
}
