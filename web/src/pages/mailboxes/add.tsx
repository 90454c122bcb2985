import { Form, Input, Switch } from 'antd'
import { useState } from 'react'
import { ApiProblem, ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { Enrolment, type Secret } from '../../ui/enrolment.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { NewPassword } from '../../ui/new-password.tsx'
import { uiTexts } from '../../ui/texts.ts'
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

const isTaken = (error: unknown) => error instanceof ApiProblem && error.code === 'conflict'

export function Add({ onClose, onAdded }: Props) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const [made, setMade] = useState<{ name: string; secret: Secret } | null>(null)
  const leave = (name: string) => {
    onClose()
    onAdded(name)
  }
  if (made) return <Enrolment secret={made.secret} name={made.name} onClose={() => leave(made.name)} />
  return (
    <FormDialog
      title={t.add}
      okText={t.create}
      initial={{ owner: '', protocols: [...protocols], pool: '', totp: false }}
      send={({ pool, ...typed }: Typed) => ask('POST /api/users', { body: { ...typed, pool: pool || null } })}
      touches="users"
      words={error => ({ name: isTaken(error) ? t.nameTaken : undefined })}
      onDone={({ name, otpauth, qr_png }) => {
        if (otpauth !== undefined && qr_png !== undefined) setMade({ name, secret: { otpauth, qr_png } })
        else leave(name)
      }}
      onClose={onClose}
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
    </FormDialog>
  )
}
