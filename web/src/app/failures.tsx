/** What is shown in place of a page. */
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router'
import { Button, Result, Typography } from 'antd'
import { useTexts } from './language.ts'
import { texts } from './texts.ts'

export function NotFound() {
  const t = useTexts(texts)
  const router = useRouter()
  return (
    <Result
      status="404"
      title={t.notFound}
      extra={<Button onClick={() => router.navigate({ to: '/' })}>{t.backToStart}</Button>}
    />
  )
}

export function Broken({ error }: ErrorComponentProps) {
  const t = useTexts(texts)
  return (
    <Result
      status="error"
      title={t.broken}
      subTitle={t.brokenHint}
      extra={<Button onClick={() => location.reload()}>{t.reload}</Button>}
    >
      <Typography.Text code>{String(error)}</Typography.Text>
    </Result>
  )
}
