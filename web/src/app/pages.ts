/** The pages of the console, in the order of the menu; each is loaded when it is first opened. Every role reads all of them. */
import {
  ApartmentOutlined,
  AuditOutlined,
  DashboardOutlined,
  FileSearchOutlined,
  InfoCircleOutlined,
  MailOutlined,
  SafetyOutlined,
  SettingOutlined,
  StopOutlined,
} from '@ant-design/icons'
import type { ComponentType } from 'react'

export interface Page {
  path: string
  name:
    | 'overview'
    | 'mailboxes'
    | 'authLog'
    | 'bans'
    | 'backends'
    | 'operationLog'
    | 'admins'
    | 'settings'
    | 'health'
  icon: ComponentType
  load: () => Promise<{ default: ComponentType }>
}

export const pages: Page[] = [
  {
    path: '/',
    name: 'overview',
    icon: DashboardOutlined,
    load: () => import('../pages/overview/page.tsx'),
  },
  {
    path: '/mailboxes',
    name: 'mailboxes',
    icon: MailOutlined,
    load: () => import('../pages/mailboxes/page.tsx'),
  },
  {
    path: '/auth-log',
    name: 'authLog',
    icon: FileSearchOutlined,
    load: () => import('../pages/auth-log/page.tsx'),
  },
  {
    path: '/bans',
    name: 'bans',
    icon: StopOutlined,
    load: () => import('../pages/bans/page.tsx'),
  },
  {
    path: '/backends',
    name: 'backends',
    icon: ApartmentOutlined,
    load: () => import('../pages/backends/page.tsx'),
  },
  {
    path: '/operation-log',
    name: 'operationLog',
    icon: AuditOutlined,
    load: () => import('../pages/operation-log/page.tsx'),
  },
  {
    path: '/admins',
    name: 'admins',
    icon: SafetyOutlined,
    load: () => import('../pages/admins/page.tsx'),
  },
  {
    path: '/settings',
    name: 'settings',
    icon: SettingOutlined,
    load: () => import('../pages/settings/page.tsx'),
  },
  {
    path: '/health',
    name: 'health',
    icon: InfoCircleOutlined,
    load: () => import('../pages/health/page.tsx'),
  },
]
