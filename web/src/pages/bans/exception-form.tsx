import { Form, Input, Modal, Radio, Space, Typography } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import type { Exception } from './exceptions.tsx'
import { texts } from './texts.ts'

type Typed = Pick<Exception, 'kind' | 'cidr' | 'note'>

/** @param exception whose note is to be changed; null = a new one */
export function ExceptionForm({ exception, onClose }: { exception: Exception | null; onClose(): void }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<Typed>()
  const [problem, setProblem] = useState<unknown>(null)
  const save = useAct((typed: Typed) => send(exception, typed), {
    done: t.exceptionSaved,
    touches: 'exceptions',
    onDone: onClose,
    onError: error => setProblem(placeErrors(form, error)),
  })
  return (
    <Modal
      open
      title={exception ? t.editException(exception.cidr) : t.addException}
      okText={ui.save}
      cancelText={ui.cancel}
      okButtonProps={{ loading: save.isPending }}
      onOk={form.submit}
      onCancel={onClose}
    >
      <Form<Typed>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ kind: 'allow', note: exception?.note ?? '' }}
        onFinish={typed => {
          setProblem(null)
          save.mutate(typed)
        }}
      >
        {exception === null && (
          <>
            <Form.Item
              name="cidr"
              label={t.cidr}
              extra={t.cidrHint}
              rules={[{ required: true, whitespace: true, message: ui.needed }]}
            >
              <Input autoFocus autoComplete="off" />
            </Form.Item>
            <Form.Item name="kind" label={t.kind}>
              <Radio.Group>
                <Space orientation="vertical">
                  {(['allow', 'shared'] as const).map(kind => (
                    <Radio key={kind} value={kind}>
                      {t.kinds[kind]} <Typography.Text type="secondary">{t.kindHints[kind]}</Typography.Text>
                    </Radio>
                  ))}
                </Space>
              </Radio.Group>
            </Form.Item>
          </>
        )}
        <Form.Item name="note" label={t.note}>
          <Input maxLength={1000} />
        </Form.Item>
        <ProblemNote error={problem} />
      </Form>
    </Modal>
  )
}

function send(exception: Exception | null, { kind, cidr, note }: Typed) {
  if (exception === null) return ask('POST /api/exceptions', { body: { kind, cidr, note } })
  const { id, version } = exception
  return ask('PATCH /api/exceptions/{id}', { path: { id }, body: { note, version } })
}
