import type { Texts } from './language.ts'

const en = {
  menu: 'Menu',
  pages: {
    overview: 'Overview',
    mailboxes: 'Mailboxes',
    authLog: 'Auth log',
    bans: 'Blacklist',
    backends: 'Backends',
    operationLog: 'Operation log',
    admins: 'Administrators',
    settings: 'Settings',
    health: 'Health',
  },
  roles: { superadmin: 'Superadmin', operator: 'Operator', auditor: 'Auditor' },
  account: 'My account',
  signOut: 'Sign out',
  light: 'Light',
  dark: 'Dark',
  skip: 'Skip to content',
  notFound: 'There is no page here',
  backToStart: 'To the overview',
  broken: 'This page broke',
  brokenHint: 'Reload it. If it breaks again, the text below helps whoever mends it.',
  reload: 'Reload',
}

const zh: typeof en = {
  menu: '菜单',
  pages: {
    overview: '概览',
    mailboxes: '邮箱',
    authLog: '认证日志',
    bans: '黑名单',
    backends: '后端',
    operationLog: '操作日志',
    admins: '管理员',
    settings: '设置',
    health: '运行状况',
  },
  roles: { superadmin: '超级管理员', operator: '操作员', auditor: '审计员' },
  account: '我的账户',
  signOut: '退出登录',
  light: '浅色',
  dark: '深色',
  skip: '跳到正文',
  notFound: '这里没有页面',
  backToStart: '返回概览',
  broken: '页面出错了',
  brokenHint: '请重新加载。如果再次出错，下面的文字有助于排查。',
  reload: '重新加载',
}

export const texts: Texts<typeof en> = { en, zh }
