import { Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { ApiProblem, ask } from '../../api/ask.ts'
import type { Role } from '../../api/session.ts'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { RoleChoice } from './role-choice.tsx'
import { texts } from './texts.ts'

interface Typed {
  username: string
  role: Role
}

interface Props {
  onClose(): void
  onAdded(admin: Answer<'POST /api/admins'>): void
}

/** As the API has it. */
const username = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]{0,63}$/u

export function Add({ onClose, onAdded }: Props) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<Typed>()
  const [error, setError] = useState<unknown>(null)
  const add = useAct((body: Typed) => ask('POST /api/admins', { body }), {
    touches: 'admins',
    onDone: onAdded,
    onError(error) {
      const isTaken = error instanceof ApiProblem && error.code === 'conflict'
      setError(placeErrors(form, error, { username: isTaken ? t.usernameTaken : undefined }))
    },
  })
  return (
    <Modal
      open
      title={t.add}
      width={480}
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
        requiredMark={false}
        initialValues={{ role: 'auditor' }}
        onFinish={typed => {
          setError(null)
          add.mutate(typed)
        }}
      >
        <Form.Item
          name="username"
          label={t.username}
          extra={t.usernameRule}
          rules={[{ required: true, pattern: username, message: t.usernameRule }]}
        >
          <Input autoFocus autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t.role}>
          <RoleChoice />
        </Form.Item>
        <ProblemNote error={error} />
      </Form>
    </Modal>
  )
}
