/** The own account and administrators, from the first start on. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { codeFor } from './authenticator.ts'
import { findBarriers } from './axe.ts'
import { signIn, startBrowser, visit } from './browser.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { rememberSecret } from './leaks.ts'

// An administrator's password takes its time, on a busy machine more so.
vi.setConfig({ testTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-console-account-'))
const password = 'a long password of mine'
let gateway: Gateway
let browser: Browser
let base: string

beforeAll(async () => {
  gateway = await startGateway(join(folder, 'gateway'))
  base = `http://127.0.0.1:${gateway.ports.admin}`
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).last().click()

test('first start: the password that was made is changed before anything else opens', async () => {
  await expect.poll(gateway.output, { timeout: 10_000 }).toContain('shown this once')
  const [, made = ''] = /password {2,}(\S+)/.exec(gateway.output()) ?? []
  await using visitor = await visit(browser, { base })
  const { page } = visitor
  await signIn(page, 'admin', made, '/mailboxes')
  await page.getByText('Change your password first').waitFor()
  await page.goto('/mailboxes')
  await page.waitForURL('**/account')
  await page.getByLabel('Password so far').fill('not this one')
  await page.getByLabel('New password', { exact: true }).fill('short')
  await page.getByLabel('New password again').fill('other')
  await press(page, 'Change password')
  await page.getByText('The two are not the same').waitFor()
  await page.getByLabel('New password', { exact: true }).fill(password)
  await page.getByLabel('New password again').fill(password)
  await press(page, 'Change password')
  await page.getByText('This is not your password').waitFor()
  expect(await findBarriers(page)).toEqual([])
  await page.getByLabel('Password so far').fill(made)
  await press(page, 'Change password')
  await page.waitForURL(url => url.pathname === '/')
  await page.goto('/mailboxes')
  await page.getByText('No mailbox yet').waitFor()
  expect(visitor.complaints()).toEqual([])
})

test('one-time codes of the own sign-in, and the sessions elsewhere', async () => {
  await using visitor = await visit(browser, { base, language: 'zh', mode: 'dark', width: 390 })
  await using elsewhere = await visit(browser, { base })
  const { page } = visitor
  await signIn(page, 'admin', password, '/account')
  await press(page, /^设\s?置$/)
  await page.getByLabel('密码', { exact: true }).fill(password)
  await press(page, /^继\s?续$/)
  const otpauth = await readQr(page)
  expect(await findBarriers(page)).toEqual([])
  await page.getByLabel('应用当前显示的验证码').fill(codeFor(otpauth, Date.now()))
  await press(page, /^确\s?认$/)
  await page.getByText('开启：每次登录都需要验证码。').waitFor()

  await signIn(elsewhere.page, 'admin', password, '/account')
  await elsewhere.page.getByLabel('One-time code').fill(codeFor(otpauth, Date.now() + 30_000))
  await press(elsewhere.page, 'Sign in')
  await elsewhere.page.getByText('This one').waitFor()

  await page.reload()
  await page.getByRole('row').nth(3).waitFor()
  expect(await findBarriers(page)).toEqual([])
  await press(page, '结束其他所有会话')
  await press(page, '结束其他所有会话')
  await page.getByText('已结束。').waitFor()
  await elsewhere.page.getByRole('button', { name: 'Set up' }).or(elsewhere.page.getByText('On:')).waitFor()
  await elsewhere.page.reload()
  await elsewhere.page.waitForURL('**/sign-in*')

  await press(page, /^关\s?闭$/)
  await page.getByLabel('密码', { exact: true }).fill(password)
  await press(page, /^关\s?闭$/)
  await page.getByText('关闭：仅凭密码即可登录。').waitFor()
  expect(visitor.complaints()).toEqual([])
})

async function readQr(page: Page): Promise<string> {
  const source = (await page.getByRole('img', { name: '密钥的二维码' }).getAttribute('src')) ?? ''
  const file = join(folder, 'qr.png')
  writeFileSync(file, Buffer.from(source.split('base64,')[1] ?? '', 'base64'))
  const otpauth = execFileSync('zbarimg', ['--quiet', '--raw', file], { encoding: 'utf8' }).trim()
  rememberSecret(new URL(otpauth).searchParams.get('secret') ?? '')
  return otpauth
}

test('an administrator is made, signs in as an auditor, gets another role, is disabled', async () => {
  await using visitor = await visit(browser, { base })
  await using other = await visit(browser, { base })
  const { page } = visitor
  await signIn(page, 'admin', password, '/admins')
  await page.getByRole('row', { name: /admin/ }).waitFor()
  expect(visitor.asked()).toEqual(['GET /api/session', 'GET /api/admins'])
  await press(page, 'New administrator')
  await page.getByLabel('Username').fill('helen')
  await press(page, 'Create')
  const made = (await page.getByRole('dialog').locator('code').textContent()) ?? ''
  rememberSecret(made)
  expect(await findBarriers(page)).toEqual([])
  await press(page, 'I have passed it on')

  await signIn(other.page, 'helen', made)
  await other.page.getByLabel('Password so far').fill(made)
  await other.page.getByLabel('New password', { exact: true }).fill('a password of Helen')
  await other.page.getByLabel('New password again').fill('a password of Helen')
  await press(other.page, 'Change password')
  await other.page.waitForURL(url => url.pathname === '/')
  await other.page.goto('/mailboxes')
  await other.page.getByText('No mailbox yet').waitFor()
  expect(await other.page.getByRole('button', { name: 'New mailbox' }).count()).toBe(0)

  const act = async (name: string) => {
    await press(page, 'Actions for helen')
    await page.getByRole('menuitem', { name }).click()
  }
  await page.reload()
  await act('Change role')
  await page.getByRole('radio', { name: /Operator/ }).check()
  await press(page, 'Save')
  await page.getByText('The new role holds').waitFor()
  await other.page.reload()
  await other.page.getByRole('button', { name: 'New mailbox' }).first().waitFor()
  await act('Disable')
  await press(page, /^Disable$/)
  await page.getByText('Disabled and signed out').waitFor()
  await other.page.reload()
  await other.page.waitForURL('**/sign-in*')

  await press(page, 'Actions for admin')
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await press(page, /^Delete$/)
  await page.getByText('This is the last superadmin').waitFor()
  expect(visitor.complaints()).toEqual([])
  expect(other.complaints()).toEqual([])
})
