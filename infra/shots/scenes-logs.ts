/** The two logs. */
import type { Page } from 'playwright-core'
import { shown } from './mailboxes.ts'
import { press } from './press.ts'
import type { Scene } from './scenes.ts'

/** The explanation of the newest attempt that the filters find. */
const explain = async (page: Page) => {
  await page.locator('tbody .ant-btn-link').first().click()
  await page.getByRole('dialog').locator('.ant-descriptions').waitFor()
}
const unfold = async (page: Page) => {
  await page.locator('.ant-table-row-expand-icon').first().click()
  await page.locator('.ant-table-expanded-row').waitFor()
}
const dayMs = 86_400_000

export const logScenes: Scene[] = [
  { name: 'auth-log-failed-30d', path: '/auth-log?since=30d&result=failed&limit=20' },
  { name: 'auth-log-nothing', path: '/auth-log?user=nobody-at-all@example.com' },
  { name: 'auth-log-own-span', path: `/auth-log?since=${Date.now() - dayMs}&until=${Date.now()}&limit=20` },
  {
    name: 'auth-log-more-filters',
    path: '/auth-log?limit=20&backend=localhost',
    act: page => press(page, 'More', '更多筛选'),
  },
  { name: 'auth-log-export', path: '/auth-log?limit=20', act: page => press(page, 'Export', '导出') },
  {
    name: 'auth-log-as-table',
    path: '/auth-log?limit=20',
    act: page => press(page, 'As a table', '表格'),
  },
  { name: 'attempt-ok', path: '/auth-log?reason=ok&limit=20', act: explain },
  { name: 'attempt-wrong', path: `/auth-log?reason=wrong_password&user=${shown.locked}`, act: explain },
  { name: 'attempt-locked', path: `/auth-log?reason=locked&user=${shown.locked}`, act: explain },
  { name: 'attempt-banned', path: '/auth-log?reason=wrong_password&address=198.51.100.77', act: explain },
  { name: 'attempt-gone', path: '/auth-log?limit=20&attempt=01890000-0000-7000-8000-000000000000' },
  { name: 'operation-changed', path: '/operation-log?action=user+set', act: unfold },
  { name: 'operation-refused', path: '/operation-log?result=failed', act: unfold },
  { name: 'operation-added', path: '/operation-log?action=ban+import', act: unfold },
  { name: 'operation-nothing', path: '/operation-log?actor=nobody-at-all' },
]
