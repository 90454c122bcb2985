import type { Page } from 'playwright-core'
import { shown } from './mailboxes.ts'
import { choose, named, press } from './press.ts'
import type { Scene } from './scenes.ts'

const drawerOf = (name: string) => `/mailboxes?limit=20&name=${encodeURIComponent(name)}`
const inDrawer = (page: Page) => page.getByRole('dialog').getByRole('table').first().waitFor()
const setUp = async (page: Page) => {
  await inDrawer(page)
  await press(page, 'Show a new QR code', '显示新的二维码')
  await page.getByRole('img', { name: /QR|二维码/ }).waitFor()
}

export const mailboxScenes: Scene[] = [
  ...Object.entries(shown).map(([state, name]) => ({
    name: `mailbox-${state}`,
    path: drawerOf(name),
    act: inDrawer,
  })),
  { name: 'mailbox-missing', path: drawerOf('nobody@example.com') },
  { name: 'mailboxes-nothing', path: '/mailboxes?search=no-such-mailbox' },
  { name: 'mailboxes-locked', path: '/mailboxes?locked=true' },
  {
    name: 'mailboxes-hover',
    path: '/mailboxes',
    act: page => page.getByRole('button', { name: named('Import', '导入') }).hover(),
  },
  {
    name: 'mailboxes-columns',
    path: '/mailboxes',
    act: page => press(page, 'Columns', '列'),
  },
  {
    name: 'mailboxes-selected',
    path: '/mailboxes?limit=20',
    act: async page => {
      for (const nth of [1, 2, 3]) await page.getByRole('checkbox').nth(nth).check()
    },
  },
  {
    name: 'mailboxes-delete',
    path: '/mailboxes?limit=20',
    act: async page => {
      await page.getByRole('checkbox').nth(1).check()
      await press(page, 'Delete', '删除')
    },
  },
  { name: 'mailbox-add', path: '/mailboxes', act: page => press(page, 'New mailbox', '新建邮箱') },
  {
    name: 'mailbox-add-faults',
    path: '/mailboxes',
    act: async page => {
      await press(page, 'New mailbox', '新建邮箱')
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('textbox').first().fill(shown.codes)
      await press(page, 'Generate', '生成')
      await press(page, 'Create', '创建')
      await page.locator('.ant-form-item-explain-error, [role=dialog] .ant-alert-error').first().waitFor()
    },
  },
  { name: 'mailbox-import', path: '/mailboxes', act: page => press(page, 'Import', '导入') },
  {
    name: 'mailbox-import-report',
    path: '/mailboxes',
    act: async page => {
      await press(page, 'Import', '导入')
      const lines = [
        'name,owner,password',
        'new1@example.com,Sales,a long password',
        'not a name,,short',
        `${shown.codes},,another password`,
      ]
      await page
        .locator('input[type=file]')
        .setInputFiles({ name: 'mailboxes.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) })
      await page.getByRole('dialog').locator('.ant-statistic').first().waitFor()
    },
  },
  {
    name: 'mailbox-edit',
    path: drawerOf(shown.long),
    act: async page => {
      await inDrawer(page)
      await press(page, 'Edit', '编辑')
    },
  },
  {
    name: 'mailbox-acts',
    path: drawerOf(shown.codes),
    act: async page => {
      await inDrawer(page)
      await press(page, 'More', '更多')
    },
  },
  {
    name: 'mailbox-password',
    path: drawerOf(shown.codes),
    act: async page => {
      await inDrawer(page)
      await press(page, 'More', '更多')
      await choose(page, 'Set password', '设置密码')
    },
  },
  {
    name: 'mailbox-reset-codes',
    path: drawerOf(shown.codes),
    act: async page => {
      await inDrawer(page)
      await press(page, 'New phone', '更换手机')
    },
  },
  { name: 'mailbox-qr', path: drawerOf(shown.pending), act: setUp },
  {
    name: 'mailbox-qr-wrong',
    path: drawerOf(shown.pending),
    act: async page => {
      await setUp(page)
      await page.getByRole('dialog').last().getByRole('textbox').fill('000000')
      await press(page, 'Confirm', '确认')
      await page.locator('.ant-form-item-explain-error').waitFor()
    },
  },
]
