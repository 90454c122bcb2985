import { DownOutlined } from '@ant-design/icons'
import { App, Button, Dropdown, Typography } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { NewPassword } from '../../ui/new-password.tsx'
import { useAct } from '../../ui/use-act.ts'
import { drawerTexts } from './drawer-texts.ts'
import type { Mailbox } from './mailbox.ts'

export function Acts({ mailbox, onDeleted }: { mailbox: Mailbox; onDeleted(): void }) {
  const t = useTexts(drawerTexts)
  const { modal } = App.useApp()
  const { name } = mailbox
  const [settingPassword, setSettingPassword] = useState(false)
  const disable = useAct(() => ask('PATCH /api/users/{name}', { path: { name }, body: { enabled: false } }), {
    touches: 'users',
    done: t.isDisabled,
  })
  const remove = useAct(() => ask('DELETE /api/users/{name}', { path: { name } }), {
    touches: 'users',
    done: t.deleted,
    onDone: onDeleted,
  })
  if (!useMay('operator')) return null
  const sure = (title: string, content: string, okText: string, act: typeof disable) =>
    void modal.confirm({
      title,
      content,
      okText,
      okButtonProps: { danger: true },
      // A failure is told by the act itself.
      onOk: () => act.mutateAsync().catch(() => {}),
    })
  return (
    <>
      <Dropdown
        trigger={['click']}
        menu={{
          items: [
            { key: 'password', label: t.password, onClick: () => setSettingPassword(true) },
            {
              key: 'disable',
              label: t.disable,
              disabled: !mailbox.enabled,
              onClick: () => sure(t.sureDisable, t.sureDisableHint, t.disable, disable),
            },
            {
              key: 'delete',
              label: t.delete,
              danger: true,
              onClick: () => sure(t.sureDelete(name), t.sureDeleteHint, t.delete, remove),
            },
          ],
        }}
      >
        <Button>
          {t.more} <DownOutlined />
        </Button>
      </Dropdown>
      {settingPassword && <SetPassword name={name} onClose={() => setSettingPassword(false)} />}
    </>
  )
}

function SetPassword({ name, onClose }: { name: string; onClose(): void }) {
  const t = useTexts(drawerTexts)
  return (
    <FormDialog
      title={t.passwordFor(name)}
      send={(body: { password: string }) => ask('PUT /api/users/{name}/password', { path: { name }, body })}
      touches="users"
      done={t.passwordSet}
      onDone={onClose}
      onClose={onClose}
    >
      <Typography.Paragraph type="secondary">{t.passwordHint}</Typography.Paragraph>
      <NewPassword least={8} />
    </FormDialog>
  )
}
