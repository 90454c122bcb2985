/** What stands around every page: menu, who is signed in, language and brightness. */
import { MenuOutlined } from '@ant-design/icons'
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { Button, Drawer, Grid, Layout, Menu, theme } from 'antd'
import { useState } from 'react'
import { useSession } from '../api/session.ts'
import { AccountMenu } from './account-menu.tsx'
import { useTexts } from './language.ts'
import { pages } from './pages.ts'
import { LanguageSwitch, ModeSwitch } from './switches.tsx'
import { texts } from './texts.ts'
import './frame.css'

export function Frame() {
  const t = useTexts(texts)
  const wide = Grid.useBreakpoint().lg ?? true
  const [open, setOpen] = useState(false)
  const { token } = theme.useToken()
  const { pathname } = useLocation()
  const here = pages.find(page => (page.path === '/' ? pathname === '/' : pathname.startsWith(page.path)))
  return (
    <Layout className="frame">
      <a className="skip" href="#content">
        {t.skip}
      </a>
      {wide && (
        <Layout.Sider
          theme="light"
          width={216}
          className="side"
          style={{ borderColor: token.colorBorderSecondary }}
        >
          <Brand />
          <Pages onGo={() => {}} />
        </Layout.Sider>
      )}
      <Drawer
        open={open && !wide}
        onClose={() => setOpen(false)}
        placement="left"
        size={248}
        title={<Brand />}
        styles={{ body: { padding: 0 } }}
      >
        <Pages onGo={() => setOpen(false)} />
      </Drawer>
      <Layout>
        <Layout.Header
          className="head"
          style={{ background: token.colorBgContainer, borderColor: token.colorBorderSecondary }}
        >
          {!wide && (
            <Button type="text" icon={<MenuOutlined />} aria-label={t.menu} onClick={() => setOpen(true)} />
          )}
          <h1 className="title">{here ? t.pages[here.name] : t.account}</h1>
          <LanguageSwitch />
          <ModeSwitch />
          <AccountMenu />
        </Layout.Header>
        <Layout.Content id="content" className="content" tabIndex={-1}>
          <Outlet />
        </Layout.Content>
      </Layout>
    </Layout>
  )
}

function Brand() {
  return (
    <div className="brand">
      <img src="/icon.svg" alt="" width={28} height={28} />
      MailGateway
    </div>
  )
}

function Pages({ onGo }: { onGo: () => void }) {
  const t = useTexts(texts)
  const { must_change_password } = useSession()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  // Until then the gateway opens none of them.
  const mine = must_change_password ? [] : pages
  const selected = mine.filter(({ path }) => (path === '/' ? pathname === '/' : pathname.startsWith(path)))
  return (
    <nav aria-label={t.menu}>
      <Menu
        mode="inline"
        style={{ borderInlineEnd: 0 }}
        selectedKeys={selected.map(({ path }) => path)}
        items={mine.map(({ path, name, icon: Icon }) => ({
          key: path,
          label: t.pages[name],
          icon: <Icon />,
        }))}
        onClick={({ key }) => {
          onGo()
          void navigate({ to: key })
        }}
      />
    </nav>
  )
}
