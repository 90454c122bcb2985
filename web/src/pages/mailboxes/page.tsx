import { DownloadOutlined, PlusOutlined, UploadOutlined } from '@ant-design/icons'
import { Button, Empty, Flex, Tooltip } from 'antd'
import { useState } from 'react'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { List } from '../../ui/list.tsx'
import { useView } from '../../ui/use-view.ts'
import { Add } from './add.tsx'
import { Bulk } from './bulk.tsx'
import { useColumns } from './columns.tsx'
import { MailboxDrawer } from './drawer.tsx'
import { Filters } from './filters.tsx'
import { Import } from './import.tsx'
import { texts } from './texts.ts'
import { useExport } from './use-export.ts'
import { defaults, isFiltered, useMailboxes } from './view.ts'

export default function Mailboxes() {
  const t = useTexts(texts)
  const { view, change } = useView(defaults)
  const query = useMailboxes(view)
  const mayChange = useMay('operator')
  const [dialog, setDialog] = useState<'add' | 'import' | null>(null)
  const [selected, setSelected] = useState<string[]>([])
  const download = useExport(view)
  const columns = useColumns(view)
  const open = (name: string) => change({ name, after: view.after })
  const makers = mayChange && (
    <>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setDialog('add')}>
        {t.add}
      </Button>
      <Button icon={<UploadOutlined />} onClick={() => setDialog('import')}>
        {t.import}
      </Button>
    </>
  )
  return (
    <>
      <Flex wrap gap={8} style={{ marginBottom: 12 }}>
        {makers}
        <Tooltip title={view.locked !== '' && t.noExportOfLocked}>
          <Button
            icon={<DownloadOutlined />}
            disabled={view.locked !== ''}
            loading={download.isPending}
            onClick={() => download.mutate()}
          >
            {download.isPending ? t.exporting(download.rows) : t.export}
          </Button>
        </Tooltip>
      </Flex>
      {selected.length > 0 && <Bulk names={selected} onSelect={setSelected} />}
      <List
        name="mailboxes"
        query={query}
        rowKey="name"
        columns={columns}
        hiddenAtFirst={['created_at']}
        view={view}
        change={change}
        filtered={isFiltered(view)}
        onClear={() => change({ search: '', enabled: '', locked: '', totp: '', domain: '', pool: '' })}
        onSort={sort => change({ sort: sort?.field ?? defaults.sort, order: sort?.order ?? defaults.order })}
        filters={<Filters view={view} change={change} />}
        rowSelection={
          mayChange
            ? { selectedRowKeys: selected, onChange: keys => setSelected(keys.map(String)) }
            : undefined
        }
        empty={
          <Empty description={<EmptyText />}>
            <Flex gap={8} justify="center">
              {makers}
            </Flex>
          </Empty>
        }
      />
      {dialog === 'add' && <Add onClose={() => setDialog(null)} onAdded={open} />}
      {dialog === 'import' && <Import onClose={() => setDialog(null)} />}
      <MailboxDrawer name={view.name} onClose={() => open('')} />
    </>
  )
}

function EmptyText() {
  const t = useTexts(texts)
  return (
    <>
      <strong>{t.emptyTitle}</strong>
      <br />
      {t.emptyHint}
    </>
  )
}
