import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Card, Form, Input, Typography } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { sessionQuery, useSession } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { fits } from '../../ui/new-password.tsx'
import { newPasswordTexts } from '../../ui/new-password-texts.ts'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { texts } from './texts.ts'
import { wrongPasswordText } from './wrong-password.ts'

interface Typed {
  old_password: string
  new_password: string
  again: string
}

export function OwnPassword() {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const password = useTexts(newPasswordTexts)
  const { username, must_change_password } = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [form] = Form.useForm<Typed>()
  const [error, setError] = useState<unknown>(null)
  const change = useAct(
    ({ old_password, new_password }: Typed) =>
      ask('PUT /api/session/password', { body: { old_password, new_password } }),
    {
      touches: 'own-sessions',
      done: t.changed,
      onDone(profile) {
        const wasForced = must_change_password
        client.setQueryData(sessionQuery.queryKey, profile)
        form.resetFields()
        if (wasForced) void navigate({ to: '/' })
      },
      onError: error => setError(placeErrors(form, error, { old_password: wrongPasswordText(error, t) })),
    },
  )
  return (
    <Card title={t.password} size="small">
      <Typography.Paragraph type="secondary">{t.passwordHint}</Typography.Paragraph>
      <Form<Typed>
        form={form}
        layout="vertical"
        requiredMark={false}
        style={{ maxWidth: 360 }}
        onFinish={typed => {
          setError(null)
          change.mutate(typed)
        }}
      >
        {/* For password managers. */}
        <input type="text" autoComplete="username" value={username} readOnly hidden />
        <Form.Item name="old_password" label={t.old} rules={[{ required: true, message: ui.needed }]}>
          <Input.Password autoComplete="current-password" autoFocus={must_change_password} />
        </Form.Item>
        <Form.Item
          name="new_password"
          label={t.new}
          extra={t.rule}
          dependencies={['old_password']}
          rules={[
            fits(12, password.wrongLength),
            ({ getFieldValue }) => ({
              validator: async (_rule, value) => {
                if (value && value === getFieldValue('old_password')) throw new Error(t.sameAsOld)
              },
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t.again}
          dependencies={['new_password']}
          rules={[
            ({ getFieldValue }) => ({
              validator: async (_rule, value) => {
                if (value !== getFieldValue('new_password')) throw new Error(t.differs)
              },
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <ProblemNote error={error} />
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t.change}
        </Button>
      </Form>
    </Card>
  )
}
