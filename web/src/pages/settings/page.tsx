/** Everything that can be set, in groups; each group is saved as one. */
import { useQuery } from '@tanstack/react-query'
import { Alert, Card, Flex, Grid, Select, Skeleton, Tabs } from 'antd'
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
  // So many tabs need room: where there is none they would hide behind one another.
  const wide = Grid.useBreakpoint().xl ?? true
  const names = Object.entries(t.groups).map(([value, label]) => ({ value, label }))
  const go = (group: string) => change({ group })
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => ask('GET /api/settings', { signal }),
  })
  return (
    <Flex vertical gap={12} style={{ maxWidth: 960 }}>
      {!mayChange && <Alert type="info" showIcon title={t.readOnly} />}
      {wide ? (
        <Tabs
          activeKey={group}
          onChange={go}
          items={names.map(({ value, label }) => ({ key: value, label }))}
          tabBarStyle={{ marginBottom: 0 }}
        />
      ) : (
        <Select aria-label={t.group} value={group} onChange={go} options={names} />
      )}
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
