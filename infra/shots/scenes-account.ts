/** Signing in, the frame around every page, the own account and the other administrators. */
import type { Page } from 'playwright-core'
import { choose, named, press } from './press.ts'
import type { Scene } from './scenes.ts'

const actsOf = async (page: Page, username: string) => {
  await page
    .getByRole('button', { name: new RegExp(username) })
    .last()
    .click()
}

export const accountScenes: Scene[] = [
  { name: 'sign-in', by: 'nobody', path: '/sign-in' },
  {
    name: 'sign-in-failed',
    by: 'nobody',
    path: '/sign-in',
    act: async page => {
      await page.getByLabel(named('Username', '用户名')).fill('nobody')
      await page.getByLabel(named('Password', '密码')).fill('not the password')
      await press(page, 'Sign in', '登录')
      await page.getByRole('alert').waitFor()
    },
  },
  { name: 'forced-password', by: 'newcomer', path: '/account' },
  { name: 'no-page', path: '/nothing/here' },
  {
    name: 'menu',
    path: '/health',
    act: async page => {
      const button = page.getByRole('button', { name: named('Menu', '菜单') })
      if (await button.isVisible()) await button.click()
      else await page.getByRole('button', { name: named('My account', '我的账户') }).click()
    },
  },
  {
    name: 'account-menu',
    path: '/health',
    act: page => page.getByRole('button', { name: named('My account', '我的账户') }).click(),
  },
  {
    name: 'account-faults',
    path: '/account',
    act: async page => {
      await page.getByLabel(named('New password', '新密码')).first().fill('short')
      await press(page, 'Change password', '修改密码')
      await page.locator('.ant-form-item-explain-error').first().waitFor()
    },
  },
  { name: 'account-codes', path: '/account', act: page => press(page, 'Set up', '设置') },
  {
    name: 'account-end-others',
    path: '/account',
    act: page => press(page, 'End all others', '结束其他所有会话'),
  },
  { name: 'admin-add', path: '/admins', act: page => press(page, 'New administrator', '新建管理员') },
  {
    name: 'admin-add-taken',
    path: '/admins',
    act: async page => {
      await press(page, 'New administrator', '新建管理员')
      await page.getByRole('dialog').getByRole('textbox').fill('operator')
      await press(page, 'Create', '创建')
      await page.locator('.ant-form-item-explain-error').waitFor()
    },
  },
  { name: 'admin-acts', path: '/admins', act: page => actsOf(page, 'operator') },
  {
    name: 'admin-role',
    path: '/admins',
    act: async page => {
      await actsOf(page, 'operator')
      await choose(page, 'Change role', '更改角色')
    },
  },
  {
    name: 'admin-sessions',
    path: '/admins',
    act: async page => {
      await actsOf(page, 'operator')
      await choose(page, 'Sessions', '会话')
      await page.getByRole('dialog').getByRole('row').nth(2).waitFor()
    },
  },
  {
    name: 'admin-password',
    path: '/admins',
    act: async page => {
      await actsOf(page, 'night-shift')
      await choose(page, 'New password', '重置密码')
      await press(page, 'New password', '重置密码')
      await page.getByRole('button', { name: named('I have passed it on', '我已转交') }).waitFor()
    },
  },
  {
    name: 'admin-delete',
    path: '/admins',
    act: async page => {
      await actsOf(page, 'night-shift')
      await choose(page, 'Delete', '删除')
    },
  },
]
