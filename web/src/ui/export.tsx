/** What a filter finds as a file; it says how far it is, and can be stopped. */
import { DownloadOutlined } from '@ant-design/icons'
import { Button, Dropdown, Flex } from 'antd'
import { localeOf, useLanguage, useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'
import { type ExportOf, useExport } from './use-export.ts'

export function Export(props: ExportOf) {
  const t = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  const { rows, isPending, start, stop } = useExport(props)
  if (isPending)
    return (
      <Flex gap={8}>
        <Button loading>{t.exporting(rows.toLocaleString(locale))}</Button>
        <Button onClick={stop}>{t.stop}</Button>
      </Flex>
    )
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          { key: 'csv', label: t.csv },
          { key: 'ndjson', label: t.ndjson },
        ],
        onClick: ({ key }) => start(key as 'csv' | 'ndjson'),
      }}
    >
      <Button icon={<DownloadOutlined />}>{t.export}</Button>
    </Dropdown>
  )
}
