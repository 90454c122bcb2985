import { Form, Input, Modal, Switch } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { Enrolment, type Secret } from '../../ui/enrolment.tsx'
import { NewPassword } from '../../ui/new-password.tsx'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { type Fields, MailboxFields, protocols } from './fields.tsx'
import { texts } from './texts.ts'

interface Typed extends Fields {
  name: string
  password: string
  totp: boolean
}

interface Props {
  onClose(): void
  onAdded(name: string): void
}

export function Add({ onClose, onAdded }: Props) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<Typed>()
  const [error, setError] = useState<unknown>(null)
  const [made, setMade] = useState<{ name: string; secret: Secret } | null>(null)
  const add = useAct(
    ({ pool, ...typed }: Typed) => ask('POST /api/users', { body: { ...typed, pool: pool || null } }),
    {
      touches: 'users',
      onDone({ name, otpauth, qr_png }) {
        if (otpauth !== undefined && qr_png !== undefined)
          return setMade({ name, secret: { otpauth, qr_png } })
        onClose()
        onAdded(name)
      },
      onError: error => setError(placeErrors(form, error)),
    },
  )
  const leave = (name: string) => {
    onClose()
    onAdded(name)
  }
  if (made) return <Enrolment secret={made.secret} name={made.name} onClose={() => leave(made.name)} />
  return (
    <Modal
      open
      title={t.add}
      onCancel={onClose}
      onOk={form.submit}
      okText={t.create}
      cancelText={ui.cancel}
      confirmLoading={add.isPending}
      mask={{ closable: false }}
    >
      <Form<Typed>
        form={form}
        layout="vertical"
        initialValues={{ owner: '', protocols, pool: '', totp: false }}
        onFinish={typed => {
          setError(null)
          add.mutate(typed)
        }}
      >
        <Form.Item
          name="name"
          label={t.name}
          extra={t.nameHint}
          rules={[{ required: true, message: ui.needed }]}
        >
          <Input autoFocus autoComplete="off" />
        </Form.Item>
        <NewPassword least={8} />
        <MailboxFields />
        <Form.Item name="totp" label={t.withTotp} extra={t.withTotpHint} valuePropName="checked">
          <Switch />
        </Form.Item>
        <ProblemNote error={error} />
      </Form>
    </Modal>
  )
}
