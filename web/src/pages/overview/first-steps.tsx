/** What to do on an empty system, ticked off as it is done. */
import { Card, Spin, Steps, Typography } from 'antd'
import type { ReactNode } from 'react'
import { useSession } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { NginxLines } from '../../ui/nginx-lines.tsx'
import { PageLink } from '../../ui/page-link.tsx'
import { texts } from './texts.ts'
import type { SetUp } from './use-set-up.ts'

export default function FirstSteps({ hasBackend, hasMailbox, hasAttempt }: SetUp) {
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
        current={next}
        items={steps.map(({ title, done, content }, index) => ({
          title,
          content,
          status: done ? 'finish' : index === next ? 'process' : 'wait',
        }))}
      />
    </Card>
  )
}
