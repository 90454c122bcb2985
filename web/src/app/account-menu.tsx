import { LogoutOutlined, UserOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Dropdown, Grid } from 'antd'
import { fetchApi } from '../api/ask.ts'
import { forgetSession, useSession } from '../api/session.ts'
import { forgetToken } from '../api/token.ts'
import { useTexts } from './language.ts'
import { texts } from './texts.ts'

export function AccountMenu() {
  const t = useTexts(texts)
  const { username, role } = useSession()
  const wide = Grid.useBreakpoint().md ?? true
  const navigate = useNavigate()
  const client = useQueryClient()
  const signOut = async () => {
    // Also where the gateway cannot be told: here the session is over.
    await fetchApi('POST /logout').catch(() => {})
    forgetToken()
    forgetSession(client)
    await navigate({ to: '/sign-in' })
  }
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          { key: 'who', type: 'group', label: `${username} · ${t.roles[role]}` },
          {
            key: 'account',
            label: t.account,
            icon: <UserOutlined />,
            onClick: () => navigate({ to: '/account' }),
          },
          { key: 'out', label: t.signOut, icon: <LogoutOutlined />, onClick: signOut },
        ],
      }}
    >
      <Button type="text" icon={<UserOutlined />} aria-label={`${t.account}: ${username}`}>
        {wide && username}
      </Button>
    </Dropdown>
  )
}
