/** Everything that can be looked at: pages, and what opens on them, in the words of either language. */
import type { Page } from 'playwright-core'
import { accountScenes } from './scenes-account.ts'
import { logScenes } from './scenes-logs.ts'
import { mailboxScenes } from './scenes-mailboxes.ts'
import { placeScenes } from './scenes-places.ts'

export interface Scene {
  name: string
  /** Which gateway it is of; default `busy`. */
  on?: 'empty' | 'busy'
  /** Who looks; default the first administrator. */
  by?: 'admin' | 'newcomer' | 'nobody'
  path: string
  /** What is done on the page before one looks. */
  act?(page: Page): Promise<unknown>
}

const pages = [
  'mailboxes',
  'auth-log',
  'operation-log',
  'bans',
  'backends',
  'admins',
  'settings',
  'health',
  'account',
]
const pagesOf = (on: 'empty' | 'busy'): Scene[] =>
  pages.map(name => ({ name: `${on}-${name}`, on, path: `/${name}` }))

export const scenes: Scene[] = [
  { name: 'empty-overview', on: 'empty', path: '/' },
  ...pagesOf('empty'),
  { name: 'empty-exceptions', on: 'empty', path: '/bans?tab=exceptions' },
  { name: 'empty-settings-mail', on: 'empty', path: '/settings?group=mail' },
  { name: 'busy-overview', path: '/' },
  { name: 'busy-overview-7d', path: '/?span=7d&top=address' },
  { name: 'busy-overview-30d', path: '/?span=30d&top=network' },
  {
    name: 'busy-overview-tables',
    path: '/',
    act: async page => {
      const asTable = page.getByRole('button', { name: /^(As a table|表格)$/ })
      await asTable.nth(3).waitFor()
      while ((await asTable.count()) > 0) await asTable.first().click()
    },
  },
  ...pagesOf('busy'),
  ...accountScenes,
  ...mailboxScenes,
  ...logScenes,
  ...placeScenes,
]
