import { Radio, Typography } from 'antd'
import type { Role } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { texts as appTexts } from '../../app/texts.ts'
import { texts } from './texts.ts'

const roles: Role[] = ['auditor', 'operator', 'superadmin']

/** As a field of a form. */
export function RoleChoice({ value, onChange }: { value?: Role; onChange?(role: Role): void }) {
  const t = useTexts(texts)
  const app = useTexts(appTexts)
  return (
    <Radio.Group
      value={value}
      onChange={event => onChange?.(event.target.value)}
      vertical
      options={roles.map(role => ({
        value: role,
        label: (
          <>
            {app.roles[role]} <Typography.Text type="secondary">– {t.roleHints[role]}</Typography.Text>
          </>
        ),
      }))}
    />
  )
}
