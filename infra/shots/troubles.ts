/** Pages while the gateway is slow, cannot be reached at first, and after it has stopped under them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Visitor } from '../e2e/browser.ts'
import type { Look } from './looks.ts'
import { press } from './press.ts'
import { shoot } from './shoot.ts'
import { open, type Tour } from './tour.ts'

const pages = {
  overview: '/',
  mailboxes: '/mailboxes',
  backends: '/backends',
  'auth-log': '/auth-log',
  health: '/health',
}

/** At last the busy gateway is stopped. */
export async function shootTroubles(tour: Tour, looks: Look[]): Promise<void> {
  const { world, folder, note } = tour
  const waiting: { look: Look; name: string; visitor: Visitor }[] = []
  const file = (look: Look, name: string) => join(folder, look.name, `trouble-${name}.png`)
  for (const look of looks) {
    mkdirSync(join(folder, look.name), { recursive: true })
    await using visitor = await open(tour, look, { on: 'busy', by: 'admin' })
    const { page } = visitor
    for (const [name, path] of Object.entries(pages)) {
      await withApi(page, 'silent', async () => {
        await page.goto(path)
        await page.locator('h1').waitFor()
        note(look, `${name}-slow`, await shoot(page, file(look, `${name}-slow`), look, true))
      })
      await withApi(page, 'away', async () => {
        await page.goto(path)
        await page.getByRole('alert').first().waitFor()
        note(look, `${name}-away`, await shoot(page, file(look, `${name}-away`), look, true))
      })
    }
  }
  for (const look of looks)
    for (const name of ['overview', 'mailboxes'] as const) {
      const visitor = await open(tour, look, { on: 'busy', by: 'admin' })
      await visitor.page.goto(pages[name])
      await visitor.page.locator('.ant-statistic, tbody a').first().waitFor()
      waiting.push({ look, name, visitor })
    }
  await world.busy.stop()
  for (const { look, name, visitor } of waiting) {
    const { page } = visitor
    if (name === 'mailboxes') await press(page, 'Refresh', '刷新')
    // The overview asks by itself, twice a minute.
    await page.getByRole('alert').first().waitFor({ timeout: 45_000 })
    note(look, `${name}-stopped`, await shoot(page, file(look, `${name}-stopped`), look, true))
    await visitor[Symbol.asyncDispose]()
  }
}

/** All but who is signed in. */
const asked = /\/(api\/(?!session$)|readyz)/

/** @param state `silent`: no answer comes; `away`: nobody listens */
async function withApi(page: Page, state: 'silent' | 'away', work: () => Promise<void>): Promise<void> {
  await page.route(asked, route => (state === 'away' ? route.abort() : undefined))
  await work()
  await page.unroute(asked)
}
