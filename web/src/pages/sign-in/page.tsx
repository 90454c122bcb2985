/** Sign-in: name and password, and a code where the gateway asks for one. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { Alert, Button, Card, Flex, Form, Input } from 'antd'
import { useState } from 'react'
import { ApiProblem, ask } from '../../api/ask.ts'
import { sessionQuery } from '../../api/session.ts'
import { holdToken } from '../../api/token.ts'
import { setLanguage, useTexts } from '../../app/language.ts'
import { LanguageSwitch, ModeSwitch } from '../../app/switches.tsx'
import { useProblemText } from '../../ui/problem.tsx'
import { texts } from './texts.ts'

interface Typed {
  username: string
  password: string
  totp_code?: string
}

export default function SignIn() {
  const t = useTexts(texts)
  const client = useQueryClient()
  const router = useRouter()
  const problemText = useProblemText()
  const [withCode, setWithCode] = useState(false)
  const signIn = useMutation({
    mutationFn: (body: Typed) => ask('POST /login', { body }),
    onSuccess: async ({ access_token }) => {
      holdToken(access_token)
      client.clear()
      const session = await client.fetchQuery(sessionQuery)
      if (session?.language) setLanguage(session.language)
      const { to } = router.state.location.search as { to?: string }
      router.history.push(isOwnPath(to) ? to : '/')
    },
    onError: error => {
      if (error instanceof ApiProblem && error.body.require_totp === true) setWithCode(true)
    },
  })
  const needed = { required: true, message: t.needed }
  return (
    <Flex vertical align="center" justify="center" style={{ minHeight: '100vh', padding: 16 }} gap={24}>
      <Flex align="center" gap={12} style={{ fontSize: 24, fontWeight: 600 }}>
        <img src="/icon.svg" alt="" width={40} height={40} />
        MailGateway
      </Flex>
      <Card style={{ width: '100%', maxWidth: 380 }} role="main">
        <h1 style={{ fontSize: 18, marginBottom: 16 }}>{t.title}</h1>
        <Form<Typed> layout="vertical" requiredMark={false} onFinish={typed => signIn.mutate(typed)}>
          <Form.Item name="username" label={t.username} rules={[needed]}>
            <Input autoFocus autoComplete="username" size="large" />
          </Form.Item>
          <Form.Item name="password" label={t.password} rules={[needed]}>
            <Input.Password autoComplete="current-password" size="large" />
          </Form.Item>
          {withCode && (
            <Form.Item name="totp_code" label={t.code} extra={t.codeHint}>
              <Input autoComplete="one-time-code" inputMode="numeric" maxLength={6} size="large" />
            </Form.Item>
          )}
          {signIn.error && (
            <Alert
              type="error"
              showIcon
              role="alert"
              style={{ marginBottom: 16 }}
              title={signInText(signIn.error, t) ?? problemText(signIn.error)}
            />
          )}
          <Button type="primary" htmlType="submit" size="large" block loading={signIn.isPending}>
            {t.submit}
          </Button>
        </Form>
      </Card>
      <Flex>
        <LanguageSwitch />
        <ModeSwitch />
      </Flex>
    </Flex>
  )
}

function signInText(error: unknown, t: typeof texts.en): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined
  return { 401: t.failed, 429: t.throttled }[error.status]
}

/** A link that somebody else made must not lead away from here. */
const isOwnPath = (to: string | undefined): to is string => to !== undefined && /^\/(?![/\\])/.test(to)
