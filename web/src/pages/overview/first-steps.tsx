/** What to do on an empty system, ticked off as it is done. */
import { useQuery } from '@tanstack/react-query'
import { Alert, Card, Skeleton, Spin, Steps, Typography } from 'antd'
import type { ReactNode } from 'react'
import { ask } from '../../api/ask.ts'
import { useSession } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import { ProblemNote } from '../../ui/problem.tsx'
import { nginxLines } from './nginx-lines.ts'
import { texts } from './texts.ts'
import type { SetUp } from './use-set-up.ts'

export function FirstSteps({ hasBackend, hasMailbox, hasAttempt }: SetUp) {
  const t = useTexts(texts)
  const { must_change_password } = useSession()
  const steps: { title: string; done: boolean; content: ReactNode }[] = [
    {
      title: t.stepPassword,
      done: !must_change_password,
      content: <PageLink to="/account">{t.toAccount}</PageLink>,
    },
    {
      title: t.stepBackend,
      done: hasBackend,
      content: (
        <>
          {t.stepBackendWhy}
          <br />
          <PageLink to="/backends">{t.toBackends}</PageLink>
        </>
      ),
    },
    {
      title: t.stepMailbox,
      done: hasMailbox,
      content: (
        <>
          {t.stepMailboxWhy}
          <br />
          <PageLink to="/mailboxes">{t.toMailboxes}</PageLink>
        </>
      ),
    },
    { title: t.stepNginx, done: hasAttempt, content: <NginxLines /> },
    {
      title: t.stepAttempt,
      done: hasAttempt,
      content: hasAttempt ? (
        t.attemptCame
      ) : (
        <span role="status">
          <Spin size="small" /> {t.waiting}
        </span>
      ),
    },
  ]
  const next = steps.findIndex(({ done }) => !done)
  return (
    <Card title={t.welcome} style={{ maxWidth: 860 }}>
      <Typography.Paragraph type="secondary">{t.welcomeHint}</Typography.Paragraph>
      <Steps
        orientation="vertical"
        size="small"
        items={steps.map(({ title, done, content }, index) => ({
          title,
          content,
          status: done ? 'finish' : index === next ? 'process' : 'wait',
        }))}
      />
    </Card>
  )
}

/** As the gateway really listens. */
function NginxLines() {
  const t = useTexts(texts)
  const { data, error } = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => ask('GET /api/settings', { signal }),
  })
  if (error) return <ProblemNote error={error} />
  if (!data) return <Skeleton active paragraph={{ rows: 3 }} title={false} />
  const settings = new Map(data.map(setting => [setting.key, setting]))
  const hasSecret = settings.get('auth_server.secret')?.is_set ?? false
  const lines = nginxLines({
    host: settings.get('auth_server.host')?.value ?? '127.0.0.1',
    port: settings.get('auth_server.port')?.value ?? '8090',
    hasSecret,
    secretText: t.secretText,
  })
  return (
    <>
      <Typography.Paragraph copyable={{ text: lines }}>{t.nginxHint}</Typography.Paragraph>
      <Typography.Paragraph>
        <pre style={{ margin: 0, padding: 12, whiteSpace: 'pre-wrap' }}>{lines}</pre>
      </Typography.Paragraph>
      {hasSecret && <Alert type="info" showIcon title={t.secretHint} />}
    </>
  )
}
