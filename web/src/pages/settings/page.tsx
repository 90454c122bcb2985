/** Everything that can be set, in groups; each group is saved as one. */
import { useQuery } from '@tanstack/react-query'
import { Alert, Card, Flex, Skeleton, Tabs } from 'antd'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { useView } from '../../ui/use-view.ts'
import { type Group, groups } from './groups.ts'
import { Notices } from './notices.tsx'
import { SettingsForm } from './settings-form.tsx'
import { TestMail } from './test-mail.tsx'
import { texts } from './texts.ts'

export default function Page() {
  const t = useTexts(texts)
  const { view, change } = useView({ group: 'security' })
  const mayChange = useMay('superadmin')
  const group = view.group in groups ? (view.group as Group) : 'security'
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => ask('GET /api/settings', { signal }),
  })
  return (
    <Flex vertical gap={12} style={{ maxWidth: 960 }}>
      {!mayChange && <Alert type="info" showIcon title={t.readOnly} />}
      <Tabs
        activeKey={group}
        onChange={group => change({ group })}
        items={Object.keys(groups).map(key => ({ key, label: t.groups[key as Group] }))}
        tabBarStyle={{ marginBottom: 0 }}
      />
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      {isPending && (
        <Card>
          <Skeleton active paragraph={{ rows: 8 }} />
        </Card>
      )}
      {data && <SettingsForm key={group} group={group} settings={data} onLoadAgain={() => void refetch()} />}
      {group === 'mail' && (
        <>
          {mayChange && <TestMail />}
          <Notices />
        </>
      )}
    </Flex>
  )
}
