/** Bans, backends and settings. */
import type { Page } from 'playwright-core'
import { choose, named, press } from './press.ts'
import type { Scene } from './scenes.ts'

const groups = ['security', 'signIn', 'totp', 'backends', 'logs', 'mail', 'texts', 'server']
const openBan = async (page: Page) => {
  await page.locator('tbody .ant-btn-link').first().click()
  await page.getByRole('dialog').locator('.ant-descriptions').waitFor()
}
const fillList = async (page: Page) => {
  await press(page, 'Paste a list', '批量粘贴')
  await page.getByRole('dialog').locator('textarea').fill('192.0.2.66 # scanner\nnonsense\n203.0.113.0/24')
  await page.getByRole('dialog').getByRole('textbox').nth(1).fill('from a list')
  await press(page, 'Check the list', '检查列表')
  await page.getByRole('dialog').locator('.ant-alert-warning').waitFor()
}
/** Of the backend that is down. */
const down = (page: Page) => page.locator('.ant-card', { hasText: '127.0.0.2' }).first()

export const placeScenes: Scene[] = [
  { name: 'bans-over', path: '/bans?state=expired' },
  { name: 'bans-nothing', path: '/bans?search=no-such-ban' },
  { name: 'ban', path: '/bans?event=network', act: openBan },
  { name: 'ban-by-hand', path: '/bans?state=all&search=48213', act: openBan },
  { name: 'ban-add', path: '/bans', act: page => press(page, 'Ban an address', '封禁地址') },
  {
    name: 'ban-add-faults',
    path: '/bans',
    act: async page => {
      await press(page, 'Ban an address', '封禁地址')
      const texts = page.getByRole('dialog').getByRole('textbox')
      await texts.first().fill('127.0.0.0/16')
      await texts.nth(1).fill('a mistake')
      await press(page, 'Ban an address', '封禁地址')
      await page.locator('.ant-form-item-explain-error').waitFor()
    },
  },
  { name: 'ban-change', path: '/bans?event=network', act: page => press(page, 'Change', '修改') },
  { name: 'ban-lift', path: '/bans?event=network', act: page => press(page, 'Lift', '解除') },
  { name: 'ban-list', path: '/bans', act: page => press(page, 'Paste a list', '批量粘贴') },
  { name: 'ban-list-checked', path: '/bans', act: fillList },
  { name: 'exceptions', path: '/bans?tab=exceptions' },
  {
    name: 'exception-add',
    path: '/bans?tab=exceptions',
    act: page => press(page, 'Add an entry', '添加条目'),
  },
  { name: 'backend-add', path: '/backends', act: page => press(page, 'Add a backend', '添加后端') },
  {
    name: 'backend-add-faults',
    path: '/backends',
    act: async page => {
      await press(page, 'Add a backend', '添加后端')
      await page.getByLabel(named('Host', '主机')).fill('not a host')
      await press(page, 'Save', '保存')
      await page.locator('.ant-form-item-explain-error').waitFor()
    },
  },
  {
    name: 'backend-edit',
    path: '/backends',
    act: async page => {
      await down(page)
        .getByRole('button', { name: named('More', '更多') })
        .click()
      await choose(page, 'Change', '修改')
    },
  },
  {
    name: 'backend-drain',
    path: '/backends',
    act: page =>
      page
        .getByRole('button', { name: named('Drain', '排空') })
        .first()
        .click(),
  },
  {
    name: 'backend-history',
    path: '/backends',
    act: async page => {
      await down(page)
        .getByRole('button', { name: named('History', '历史') })
        .click()
      await page.getByRole('dialog').locator('time').first().waitFor()
    },
  },
  {
    name: 'backend-check',
    path: '/backends',
    act: async page => {
      await down(page)
        .getByRole('button', { name: named('Check now', '立即检查') })
        .click()
      await page.getByRole('dialog').locator('.ant-alert').first().waitFor()
    },
  },
  {
    name: 'backend-preview',
    path: '/backends?span=day',
    act: async page => {
      await page.getByRole('textbox', { name: named('User name', '用户名') }).fill('user5@example.com')
      await press(page, 'Show', '查看')
      await page.locator('.ant-card .ant-alert').last().waitFor()
    },
  },
  ...groups.map(group => ({ name: `settings-${group}`, path: `/settings?group=${group}` })),
  {
    name: 'settings-faults',
    path: '/settings',
    act: async page => {
      await page.getByRole('textbox').first().fill('soon')
      await press(page, 'Save', '保存')
      await page.locator('.ant-form-item-explain-error').first().waitFor()
    },
  },
]
