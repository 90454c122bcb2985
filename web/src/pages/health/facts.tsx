import { useQuery } from '@tanstack/react-query'
import { Alert, Card, Descriptions, Grid, Typography } from 'antd'
import { version } from '../../../../package.json'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { hostInUrl } from '../../ui/nginx-config.ts'
import { Time } from '../../ui/time.tsx'
import { useValues } from '../../ui/use-values.ts'
import { texts } from './texts.ts'

const everyMs = 5_000

export function Facts() {
  const t = useTexts(texts)
  // That there is no answer is said above and below.
  const { data, readValue } = useValues()
  const wide = Grid.useBreakpoint().sm ?? true
  const address = (section: string) =>
    data ? `${hostInUrl(readValue(`${section}.host`))}:${readValue(`${section}.port`)}` : '–'
  return (
    <Card size="small" title={`MailGateway ${version}`}>
      <Descriptions
        size="small"
        column={1}
        layout={wide ? 'horizontal' : 'vertical'}
        items={[
          { key: 'admin', label: t.admin, children: <code>{address('server')}</code> },
          { key: 'nginx', label: t.nginx, children: <code>{address('auth_server')}</code> },
          { key: 'last', label: t.lastAttempt, children: <LastAttempt /> },
        ]}
      />
    </Card>
  )
}

/** Whether nginx has found its way here. */
function LastAttempt() {
  const t = useTexts(texts)
  const { data } = useQuery({
    queryKey: ['last-attempt'],
    queryFn: ({ signal }) => ask('GET /api/auth-log', { query: { limit: 1 }, signal }),
    refetchInterval: everyMs,
  })
  const last = data?.items[0]
  if (last) return <Time at={last.time} />
  return data ? <Alert type="info" showIcon title={t.noneYet} /> : <Typography.Text>…</Typography.Text>
}
