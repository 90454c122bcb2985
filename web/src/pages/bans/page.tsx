/** Addresses that may not log in, and those that automatic bans spare. */
import { Tabs } from 'antd'
import { useTexts } from '../../app/language.ts'
import { useView } from '../../ui/use-view.ts'
import { Bans } from './bans.tsx'
import { Exceptions } from './exceptions.tsx'
import { texts } from './texts.ts'

export default function Page() {
  const t = useTexts(texts)
  const { view, change } = useView({ tab: 'bans' })
  return (
    <Tabs
      activeKey={view.tab}
      onChange={tab => change({ tab })}
      destroyOnHidden
      items={[
        { key: 'bans', label: t.bans, children: <Bans /> },
        { key: 'exceptions', label: t.exceptions, children: <Exceptions /> },
      ]}
    />
  )
}
