import { Alert, Modal } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import type { Role } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import type { Admin } from './admin.ts'
import { RoleChoice } from './role-choice.tsx'
import { texts } from './texts.ts'
import { useRefusalText } from './use-refusal-text.ts'

export function ChangeRole({ admin, onClose }: { admin: Admin; onClose(): void }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const refusalText = useRefusalText()
  const { username, version } = admin
  const [role, setRole] = useState<Role>(admin.role)
  const change = useAct(
    () => ask('PATCH /api/admins/{username}', { path: { username }, body: { role, version } }),
    {
      touches: 'admins',
      done: t.roleChanged,
      onDone: onClose,
      // It stands in the dialogue.
      onError: () => {},
    },
  )
  return (
    <Modal
      open
      title={t.roleOf(username)}
      width={480}
      onCancel={onClose}
      onOk={() => change.mutate()}
      okText={ui.save}
      okButtonProps={{ disabled: role === admin.role }}
      cancelText={ui.cancel}
      confirmLoading={change.isPending}
    >
      <RoleChoice value={role} onChange={setRole} />
      {change.error && (
        <Alert
          type="error"
          showIcon
          role="alert"
          style={{ marginTop: 12 }}
          title={refusalText(change.error)}
        />
      )}
    </Modal>
  )
}
