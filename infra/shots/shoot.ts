/** One picture: waits until all is there, makes room for what scrolls inside, and measures. */
import type { Page } from 'playwright-core'
import { findBarriers } from '../e2e/axe.ts'
import { findFaults } from './faults.ts'
import type { Look } from './looks.ts'

const settledMs = 10_000
/** Charts move into place. */
const drawingMs = 450
const tallest = 4_000

/** What turns while something is loaded; not the one that waits for nginx's first question. */
const turning = '.ant-skeleton, .ant-table-wrapper .ant-spin-spinning, .ant-btn-loading'

/** Asked from outside: the page's own policy lets nobody's script wait inside. */
async function hasSettled(page: Page): Promise<boolean> {
  for (const until = Date.now() + settledMs; Date.now() < until; await page.waitForTimeout(100))
    if ((await page.locator(turning).count()) === 0) return true
  return false
}

const measureHeight = `Math.max(document.documentElement.scrollHeight, ...Array.from(
  document.querySelectorAll('.ant-drawer-body, .ant-modal-wrap'),
  each => (each.checkVisibility() ? each.scrollHeight + 60 : 0)
))`

/** @returns what is wrong with what is seen */
export async function shoot(page: Page, file: string, look: Look, isLoading = false): Promise<string[]> {
  const faults: string[] = []
  if (!isLoading && !(await hasSettled(page))) faults.push('it still loads')
  await page.waitForTimeout(drawingMs)
  // What sticks to an edge is then where it would be, and what scrolls inside is seen whole.
  const height = await page.evaluate<number>(measureHeight)
  const isTaller = height > look.height
  if (isTaller) {
    await page.setViewportSize({ width: look.width, height: Math.min(height, tallest) })
    await page.waitForTimeout(drawingMs)
  }
  await page.screenshot({ path: file, animations: 'disabled' })
  faults.push(...(await findFaults(page, look.language)))
  // What bars the way does so in any language.
  if (look.language === 'en') faults.push(...(await findBarriers(page)))
  if (isTaller) await page.setViewportSize(look)
  return faults
}
