import { EllipsisOutlined } from '@ant-design/icons'
import { App, Button, Dropdown } from 'antd'
import { useState } from 'react'
import { useTexts } from '../../app/language.ts'
import type { Admin } from './admin.ts'
import { ChangeRole } from './change-role.tsx'
import { Sessions } from './sessions.tsx'
import { texts } from './texts.ts'
import { useActs } from './use-acts.ts'

interface Props {
  admin: Admin
  /** Whether it is whoever is signed in, who does some of this on a page of the own account, with the password. */
  own: boolean
  onPassword(made: { username: string; one_time_password: string }): void
}

export function Acts({ admin, own, onPassword }: Props) {
  const t = useTexts(texts)
  const { modal } = App.useApp()
  const [dialog, setDialog] = useState<'role' | 'sessions' | null>(null)
  const { enable, disable, unlock, resetPassword, resetCodes, remove } = useActs(admin, onPassword)
  const { username } = admin
  const sure = (title: string, content: string, okText: string, act: { mutateAsync(): Promise<unknown> }) => {
    // A failure is told by the act itself.
    const onOk = () => act.mutateAsync().catch(() => {})
    void modal.confirm({ title, content, okText, okButtonProps: { danger: true }, onOk })
  }
  const items = [
    { key: 'role', label: t.changeRole, onClick: () => setDialog('role') },
    admin.enabled
      ? {
          key: 'disable',
          label: t.disable,
          onClick: () => sure(t.sureDisable(username), t.sureDisableHint, t.disable, disable),
        }
      : { key: 'enable', label: t.enable, onClick: () => enable.mutate() },
    {
      key: 'unlock',
      label: t.unlock,
      onClick: () => unlock.mutate(),
    },
    {
      key: 'password',
      label: t.resetPassword,
      disabled: own,
      title: own ? t.ownAccount : undefined,
      onClick: () => sure(t.sureReset(username), t.sureResetHint, t.resetPassword, resetPassword),
    },
    {
      key: 'codes',
      label: t.resetCodes,
      disabled: own || admin.totp === 'off',
      title: own ? t.ownAccount : undefined,
      onClick: () => sure(t.sureResetCodes(username), t.sureResetCodesHint, t.resetCodes, resetCodes),
    },
    { key: 'sessions', label: t.sessions, onClick: () => setDialog('sessions') },
    {
      key: 'delete',
      label: t.delete,
      danger: true,
      onClick: () => sure(t.sureDelete(username), t.sureDeleteHint, t.delete, remove),
    },
  ]
  return (
    <>
      <Dropdown trigger={['click']} menu={{ items }}>
        <Button type="text" icon={<EllipsisOutlined />} aria-label={t.acts(username)} />
      </Dropdown>
      {dialog === 'role' && <ChangeRole admin={admin} onClose={() => setDialog(null)} />}
      {dialog === 'sessions' && <Sessions username={username} onClose={() => setDialog(null)} />}
    </>
  )
}
