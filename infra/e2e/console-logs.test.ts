/** The overview and the two logs, from the first step on an empty system to the reason of one refused login. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Browser, Download, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { untilWelcomed } from './admins.ts'
import { ask, nginxLines } from './ask.ts'
import { findBarriers } from './axe.ts'
import { signIn, startBrowser, type Visitor, visit } from './browser.ts'
import { type Gateway, startGateway } from './gateway.ts'

// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-console-logs-'))
const password = 'correct horse battery staple'
const settings = { MAILGATEWAY_ADMIN_PASSWORD: password }
const joe = { name: 'joe@example.com', password: 'a password of Joe' }
let gateway: Gateway
let browser: Browser
let base: string

beforeAll(async () => {
  gateway = await startGateway(folder, { settings })
  await untilWelcomed(gateway)
  base = `http://127.0.0.1:${gateway.ports.admin}`
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

async function open(path: string, options: Partial<Parameters<typeof visit>[1]> = {}): Promise<Visitor> {
  const visitor = await visit(browser, { base, ...options })
  await signIn(visitor.page, 'admin', password, path)
  return visitor
}

async function logIn(typed: string): Promise<string | undefined> {
  const { headers } = await ask(gateway.ports.nginx, nginxLines({ user: joe.name, password: typed }))
  return headers['auth-status']
}

const chart = (page: Page, title: string) => page.locator('.ant-card', { hasText: title }).locator('canvas')

async function linesOf(download: Download): Promise<string[]> {
  const content = await text(await download.createReadStream())
  return content.trimEnd().split(/\r?\n/)
}

test('an empty system says what to do; after the first login it shows figures that lead to their attempts', async () => {
  await using visitor = await open('/')
  const { page } = visitor
  await page.getByText('Waiting for the first question of nginx').waitFor()
  await page.getByText(`auth_http http://127.0.0.1:${gateway.ports.nginx}/api/auth;`).waitFor()
  expect(await findBarriers(page)).toEqual([])
  await gateway.mustCli(['backend', 'add', '--protocol', 'imap', '--host', '127.0.0.1', '--port', '9'])
  await gateway.mustCli(['user', 'add', joe.name, '--password-stdin'], joe.password)
  expect(await logIn('not the password')).not.toBe('OK')

  await page.getByText('Attempts today', { exact: true }).waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  const asked = visitor.asked().filter(each => each.startsWith('GET /api/stats'))
  expect(asked.filter(each => each.endsWith('/live'))).toHaveLength(1)
  await chart(page, 'Why logins failed, today').waitFor()
  expect(await findBarriers(page)).toEqual([])
  await page.reload()
  await page.getByRole('link', { name: /Attempts today 1/ }).waitFor()
  await chart(page, 'By protocol, today').click({ position: { x: 120, y: 90 } })
  await page.waitForURL(/\/auth-log\?since=\d+&protocol=imap$/)
  await page.getByRole('button', { name: 'Wrong password' }).waitFor()
  expect(visitor.complaints()).toEqual([])
})

test('the stream is lost with the gateway, says so, and comes back with it', async () => {
  await using visitor = await open('/')
  const { page } = visitor
  await page.getByText('Live', { exact: true }).waitFor()
  expect(visitor.complaints()).toEqual([])
  await gateway.stop()
  await page.getByText('Connection lost, retrying').waitFor()
  gateway = await startGateway(folder, { settings, ports: gateway.ports })
  await page.getByText('Live', { exact: true }).waitFor()
})

test.each([
  ['en', 'Wrong password', 'the password is wrong', 'What to do'],
  ['zh', '密码错误', '密码错误', '处理办法'],
] as const)(
  'a link reproduces the view; one attempt is explained; a file (%s)',
  async (language, why, meaning, remedy) => {
    await logIn('not the password')
    await using visitor = await open('/auth-log?user=joe%40example.com&reason=wrong_password&since=24h', {
      language,
      mode: language === 'zh' ? 'dark' : 'light',
      width: language === 'zh' ? 390 : 1440,
    })
    const { page } = visitor
    await page.getByRole('button', { name: why }).first().click()
    await page.waitForURL(/attempt=/)
    await page.reload()
    const drawer = page.getByRole('dialog')
    await drawer.getByText(meaning).first().waitFor()
    await drawer.getByText(remedy).waitFor()
    await drawer.getByText('mailgateway user set-password joe@example.com').first().waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.goBack()
    await drawer.waitFor({ state: 'hidden' })

    visitor.asked()
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: /Export|导\s?出/ }).click()
    await page.getByRole('menuitem', { name: /CSV/ }).click()
    const [head, ...rows] = await linesOf(await downloading)
    expect(head).toMatch(/^time,user,/)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row).toContain('joe@example.com')
    expect(visitor.asked()).toEqual(['GET /api/auth-log/export'])
    const root = 'document.documentElement'
    expect(await page.evaluate(`${root}.scrollWidth - ${root}.clientWidth`)).toBe(0)
    expect(visitor.complaints()).toEqual([])
  },
)

test('what somebody changed stands there before and after, and in the file', async () => {
  await gateway.mustCli(['user', 'set', joe.name, '--owner', 'Joe, sales'])
  await using visitor = await open('/operation-log?action=user+set')
  const { page } = visitor
  await page.getByRole('cell', { name: 'Mailbox: changed' }).waitFor()
  expect(visitor.asked()).toEqual(['GET /api/session', 'GET /api/operation-log'])
  await page.getByRole('button', { name: /Expand row/ }).click()
  await page
    .getByRole('row', { name: /owner .*Joe, sales/ })
    .last()
    .waitFor()
  expect(await findBarriers(page)).toEqual([])
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: /NDJSON/ }).click()
  const rows = (await linesOf(await downloading)).map(line => JSON.parse(line))
  expect(rows).toMatchObject([
    { action: 'user set', target: joe.name, detail: { after: { owner: 'Joe, sales' } } },
  ])
  expect(visitor.complaints()).toEqual([])
})
