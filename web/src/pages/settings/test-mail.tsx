/** Whether the mail server takes our mail: asked by sending one. */
import { Alert, Button, Card, Flex, Form, Input, Typography } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { texts } from './texts.ts'

type Sent = Answer<'POST /api/notifications/test'>

export function TestMail() {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<{ to: string }>()
  const [outcome, setOutcome] = useState<{ sent?: Sent; problem?: unknown }>({})
  const send = useAct((body: { to: string }) => ask('POST /api/notifications/test', { body }), {
    touches: 'notifications',
    onDone: sent => setOutcome({ sent }),
    onError: error => setOutcome({ problem: placeErrors(form, error) }),
  })
  const { sent, problem } = outcome
  return (
    <Card size="small" title={t.test}>
      <Flex vertical gap={12}>
        <Typography.Text type="secondary">{t.testHint}</Typography.Text>
        <Form
          form={form}
          onFinish={body => {
            setOutcome({})
            send.mutate(body)
          }}
        >
          <Flex gap={8} wrap>
            <Form.Item
              name="to"
              rules={[{ required: true, whitespace: true, message: ui.needed }]}
              style={{ flex: '1 1 220px', maxWidth: 360, marginBottom: 0 }}
            >
              <Input aria-label={t.to} placeholder={t.to} autoComplete="email" />
            </Form.Item>
            <Button htmlType="submit" loading={send.isPending}>
              {t.send}
            </Button>
          </Flex>
        </Form>
        {sent && (
          <Alert
            type="success"
            showIcon
            title={t.sent(sent.to, sent.server)}
            description={<code style={{ overflowWrap: 'anywhere' }}>{sent.response}</code>}
          />
        )}
        <ProblemNote error={problem} />
      </Flex>
    </Card>
  )
}
