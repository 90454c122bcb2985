/** The console in a real browser, against the real gateway. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilWelcomed } from './admins.ts'
import { signIn, startBrowser, visit } from './browser.ts'
import { type Gateway, startGateway } from './gateway.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-console-'))
const password = 'correct horse battery staple'
let gateway: Gateway
let browser: Browser
let base: string

beforeAll(async () => {
  gateway = await startGateway(folder, { settings: { MAILGATEWAY_ADMIN_PASSWORD: password } })
  await untilWelcomed(gateway)
  base = `http://127.0.0.1:${gateway.ports.admin}`
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser.close()
  await gateway.stop()
  rmSync(folder, { recursive: true })
})

test.each(['en', 'zh'] as const)('signing in leads to where one wanted to go (%s)', async language => {
  await using visitor = await visit(browser, { base, language })
  const { page } = visitor
  await page.goto('/settings')
  await page.waitForURL('**/sign-in?to=%2Fsettings')
  await signIn(page, 'admin', 'not the password', '/settings')
  await page.getByText(language === 'zh' ? '登录失败' : 'Sign-in failed').waitFor()
  await signIn(page, 'admin', password, '/settings')
  await page.waitForURL('**/settings')
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
    language === 'zh' ? '设置' : 'Settings',
  )
  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(visitor.complaints()).toEqual([])
})

test('dialogs grow and slide, and do not for those whose system asks for less motion', async () => {
  const movesSeen = async (reducedMotion: 'reduce' | 'no-preference') => {
    await using visitor = await visit(browser, { base })
    const { page } = visitor
    await page.emulateMedia({ reducedMotion })
    const note = 'seen.push(event.animationName)'
    await page.addInitScript(
      `globalThis.seen = []; addEventListener('animationstart', event => ${note}, true)`,
    )
    await signIn(page, 'admin', password, '/mailboxes')
    await page.getByRole('button', { name: 'New mailbox' }).last().click()
    await page.getByRole('dialog').getByLabel('New password', { exact: true }).fill('a first password')
    const names = await page.evaluate<string[]>('seen')
    return names.filter(name => /zoom|slide|fade/i.test(name))
  }
  expect(await movesSeen('no-preference')).not.toEqual([])
  expect(await movesSeen('reduce')).toEqual([])
})
