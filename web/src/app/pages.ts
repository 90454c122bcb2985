/** The pages of the console, in the order of the menu; each is loaded when it is first opened. */
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
import type { Role } from '../api/session.ts'

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
  /** The least role that has any use of it. */
  role: Role
  load: () => Promise<{ default: ComponentType }>
}

export const pages: Page[] = [
  {
    path: '/',
    name: 'overview',
    icon: DashboardOutlined,
    role: 'auditor',
    load: () => import('../pages/overview/page.tsx'),
  },
  {
    path: '/mailboxes',
    name: 'mailboxes',
    icon: MailOutlined,
    role: 'auditor',
    load: () => import('../pages/mailboxes/page.tsx'),
  },
  {
    path: '/auth-log',
    name: 'authLog',
    icon: FileSearchOutlined,
    role: 'auditor',
    load: () => import('../pages/auth-log/page.tsx'),
  },
  {
    path: '/bans',
    name: 'bans',
    icon: StopOutlined,
    role: 'auditor',
    load: () => import('../pages/bans/page.tsx'),
  },
  {
    path: '/backends',
    name: 'backends',
    icon: ApartmentOutlined,
    role: 'auditor',
    load: () => import('../pages/backends/page.tsx'),
  },
  {
    path: '/operation-log',
    name: 'operationLog',
    icon: AuditOutlined,
    role: 'auditor',
    load: () => import('../pages/operation-log/page.tsx'),
  },
  {
    path: '/admins',
    name: 'admins',
    icon: SafetyOutlined,
    role: 'superadmin',
    load: () => import('../pages/admins/page.tsx'),
  },
  {
    path: '/settings',
    name: 'settings',
    icon: SettingOutlined,
    role: 'auditor',
    load: () => import('../pages/settings/page.tsx'),
  },
  {
    path: '/health',
    name: 'health',
    icon: InfoCircleOutlined,
    role: 'auditor',
    load: () => import('../pages/health/page.tsx'),
  },
]
