import { Form, Input } from 'antd'
import { ApiProblem, ask } from '../../api/ask.ts'
import type { Answer, Body } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { RoleChoice } from './role-choice.tsx'
import { texts } from './texts.ts'

interface Props {
  onClose(): void
  onAdded(admin: Answer<'POST /api/admins'>): void
}

/** As the API has it. */
const username = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]{0,63}$/u

const isTaken = (error: unknown) => error instanceof ApiProblem && error.code === 'conflict'

export function Add({ onClose, onAdded }: Props) {
  const t = useTexts(texts)
  return (
    <FormDialog
      title={t.add}
      okText={t.create}
      width={480}
      initial={{ role: 'auditor' }}
      send={(body: Body<'POST /api/admins'>) => ask('POST /api/admins', { body })}
      touches="admins"
      words={error => ({ username: isTaken(error) ? t.usernameTaken : undefined })}
      onDone={onAdded}
      onClose={onClose}
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
    </FormDialog>
  )
}
