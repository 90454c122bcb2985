/** Bans, backends, settings and health in the console, each to its effect at logins as nginx asks them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { untilWelcomed } from './admins.ts'
import { ask, nginxLines } from './ask.ts'
import { findBarriers } from './axe.ts'
import { signIn, startBrowser, type Visitor, visit } from './browser.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'

vi.setConfig({ testTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-console-places-'))
const adminPassword = 'correct horse battery staple'
const joe = { user: 'joe@example.org', password: 'a password of Joe' }
let gateway: Gateway
let greeters: Greeters
let browser: Browser
let base: string

beforeAll(async () => {
  greeters = await startGreeters()
  gateway = await startGateway(folder, {
    settings: { MAILGATEWAY_ADMIN_PASSWORD: adminPassword, MAILGATEWAY_AUTH_LOCK_TTL: '4m' },
  })
  await untilWelcomed(gateway)
  base = `http://127.0.0.1:${gateway.ports.admin}`
  await gateway.mustCli(['user', 'add', joe.user, '--password-stdin'], joe.password)
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

async function open(path: string, options: Partial<Parameters<typeof visit>[1]> = {}): Promise<Visitor> {
  const visitor = await visit(browser, { base, ...options })
  await signIn(visitor.page, 'admin', adminPassword, path)
  return visitor
}

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).last().click()

/** What nginx is told of a login from there: `OK`, or the words of a refusal. */
async function logIn(from: string, password = joe.password, user = joe.user): Promise<string | undefined> {
  const { headers } = await ask(gateway.ports.nginx, nginxLines({ user, password }, { 'Client-IP': from }))
  return headers['auth-status']
}

test('a backend is added, drained, brought back, and removed though it is the last one', async () => {
  await using visitor = await open('/backends')
  const { page } = visitor
  await page.getByText('No backend yet').waitFor()
  await press(page, 'Add a backend')
  await page.getByLabel('Host').fill('not a host')
  await page.getByLabel('Port').fill(String(greeters.ports.imap))
  await press(page, 'Save')
  await page.getByText('must be a DNS name or an IP address').waitFor()
  await page.getByLabel('Host').fill('127.0.0.1')
  await press(page, 'Save')
  await page.getByText(`127.0.0.1:${greeters.ports.imap}`).first().waitFor()
  expect(await logIn('192.0.2.7')).toBe('OK')

  await press(page, 'Check now')
  await page.getByText('127.0.0.1: It answers').waitFor()
  await press(page, 'OK')
  await page.getByLabel('User name').fill(joe.user)
  await press(page, 'Show')
  await page.getByText(`This login goes to 127.0.0.1:${greeters.ports.imap}`).waitFor()

  await press(page, 'Drain')
  await press(page, 'Drain')
  await page.getByText('Draining', { exact: true }).waitFor()
  expect(await logIn('192.0.2.7')).not.toBe('OK')
  await press(page, 'Bring back')
  await page.getByRole('button', { name: 'Drain' }).waitFor()
  await page.getByLabel('User name').hover()
  expect(await logIn('192.0.2.7')).toBe('OK')
  expect(await findBarriers(page)).toEqual([])

  await press(page, /^More/)
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  await press(page, 'Remove')
  await press(page, 'Remove it nevertheless')
  await page.getByText('No backend yet').waitFor()
  expect(await logIn('192.0.2.7')).not.toBe('OK')
  expect(visitor.complaints()).toEqual([])
  await gateway.mustCli([
    ...['backend', 'add', '--protocol', 'imap', '--host', '127.0.0.1'],
    ...['--port', String(greeters.ports.imap)],
  ])
})

test('a network is banned and let in again; an automatic ban says what led to it', async () => {
  for (let i = 0; i < 21; i++)
    await logIn('198.51.100.77', `wrong guess number ${i}`, `user${i % 7}@example.org`)
  await using visitor = await open('/bans')
  const { page } = visitor
  await press(page, /^198\.51\.100\.77/)
  await page.getByText('20 wrong passwords came from this address').last().waitFor()
  await page.getByRole('dialog').getByText('user3@example.org').waitFor()
  await press(page, 'Close')

  await press(page, 'Ban an address')
  await page.getByRole('textbox', { name: 'Address or network' }).fill('203.0.113.0/24')
  await page.getByRole('textbox', { name: 'Reason' }).fill('attacks us')
  await press(page, 'Ban an address')
  await page.getByRole('button', { name: '203.0.113.0/24' }).waitFor()
  expect(await logIn('203.0.113.9')).not.toBe('OK')
  expect(await findBarriers(page)).toEqual([])

  const row = page.getByRole('row', { name: /203\.0\.113\.0/ })
  await row.getByRole('button', { name: 'Lift' }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Lift' }).click()
  await row.waitFor({ state: 'detached' })
  expect(await logIn('203.0.113.9')).toBe('OK')
  expect(visitor.asked().length).toBeLessThan(16)
  expect(visitor.complaints()).toEqual([])
})

test('a pasted list is looked through before anything is banned', async () => {
  await using visitor = await open('/bans', { width: 390, height: 844 })
  const { page } = visitor
  await press(page, 'Paste a list')
  await page.getByLabel('One address or network per line').fill('192.0.2.66 # scanner\nnonsense')
  await page.getByLabel('Reason of lines without one').fill('from a list')
  await press(page, 'Check the list')
  await page.getByText('Nothing would be banned.').waitFor()
  await page.getByRole('cell', { name: /must be an address such as/ }).waitFor()
  await page.getByText('Leave out bad lines').click()
  await press(page, 'Check the list')
  expect(await logIn('192.0.2.66')).toBe('OK')
  await press(page, 'Ban 1')
  await page.getByRole('button', { name: '192.0.2.66/32' }).waitFor()
  expect(await logIn('192.0.2.66')).not.toBe('OK')
  expect(visitor.complaints()).toEqual([])
})

test('settings: what is wrong stands at its field, and nobody’s change is overwritten unseen', async () => {
  await using visitor = await open('/settings')
  const { page } = visitor
  await page.getByText('Held by MAILGATEWAY_AUTH_LOCK_TTL').waitFor()
  const limit = page.getByLabel('Time in which an address is counted.')
  await limit.fill('soon')
  await press(page, 'Save one change')
  await page.getByText('guessing.address_window is not a duration').waitFor()
  expect(await limit.inputValue()).toBe('soon')
  await gateway.mustCli(['setting', 'set', 'guessing.address_window', '11m'])
  await limit.fill('12m')
  await press(page, 'Save one change')
  await page.getByText('Somebody else has changed this meanwhile').waitFor()
  await press(page, 'Load again')
  expect(await limit.inputValue()).toBe('12m')
  await page.getByText('Set here').waitFor()
  await press(page, 'Save one change')
  await page.getByRole('button', { name: 'No changes' }).waitFor()
  const { json } = await gateway.mustCli(['setting', 'get', 'guessing.address_window', '--json'])
  expect(json).toMatchObject({ value: '12m' })
  expect(await findBarriers(page)).toEqual([])
  expect(visitor.complaints()).toEqual([])
})

const seen = {
  '/bans?tab=exceptions': ['No place is spared', '没有放行任何地址'],
  '/backends': ['Who would go where', '预览登录去向'],
  '/settings?group=mail': ['No notice has been sent yet', '尚未发送过通知'],
  '/settings?group=server': ['In force from the start', '启动时生效'],
  '/health': ['Logins can be decided', '可以正常判定登录'],
}
test.each(['en', 'zh'] as const)('every page is whole, narrow and dark too (%s)', async language => {
  await using visitor = await open('/health', { language, mode: 'dark', width: 390, height: 844 })
  const { page } = visitor
  for (const [path, [en, zh]] of Object.entries(seen)) {
    visitor.asked()
    await page.goto(path)
    await page
      .getByText((language === 'zh' ? zh : en)!)
      .first()
      .waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await findBarriers(page)).toEqual([])
    expect(visitor.asked().length).toBeLessThan(8)
    expect(visitor.complaints()).toEqual([])
  }
})
