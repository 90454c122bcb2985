/** The pages of mailboxes, to their effect at logins through nginx. */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { codeFor } from './authenticator.ts'
import { findBarriers } from './axe.ts'
import { signIn, startBrowser, type Visitor, visit } from './browser.ts'
import { useImap } from './clients.ts'
import { rememberSecret } from './leaks.ts'
import { type Rig, startRig } from './rig.ts'

// Wrong passwords are answered a second late, and every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 })

const adminPassword = 'correct horse battery staple'
const joe = { name: 'joe@example.com', password: 'a password of Joe' }
let rig: Rig
let browser: Browser
let base: string

beforeAll(async () => {
  rig = await startRig({ settings: { MAILGATEWAY_ADMIN_PASSWORD: adminPassword } })
  base = `http://127.0.0.1:${rig.gateway.ports.admin}`
  await rig.addMailbox(joe)
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await rig?.stop()
})

async function open(path: string, options: Partial<Parameters<typeof visit>[1]> = {}): Promise<Visitor> {
  const visitor = await visit(browser, { base, ...options })
  await signIn(visitor.page, 'admin', adminPassword, path)
  return visitor
}

const logsIn = async (user: string, password: string) => {
  const login = { port: rig.port(993), tls: 'implicit', user, password } as const
  return (await useImap({ ...login, certificate: rig.nginx.certificate })).ok
}
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).last().click()
const show = async (name: string) =>
  (await rig.gateway.mustCli(['user', 'show', name, '--json'])).json as Record<string, unknown>

test('“I cannot log in”: found, seen why, unlocked; a new phone; each step in the operation log', async () => {
  const guesses = ['one', 'two', 'three', 'four', 'five'].map(nth =>
    logsIn(joe.name, `the wrong one, ${nth}`),
  )
  expect(await Promise.all(guesses)).toEqual(Array(5).fill(false))
  expect(await logsIn(joe.name, joe.password)).toBe(false)

  await using visitor = await open('/mailboxes')
  const { page } = visitor
  await page.getByRole('searchbox', { name: 'Search name or owner' }).fill('joe@')
  await page.getByRole('link', { name: joe.name }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByText('Not from everywhere').waitFor()
  await drawer.getByText('Wrong password', { exact: true }).first().waitFor()
  await drawer.getByText('Locked: strangers guessed at this mailbox').waitFor()
  expect(await drawer.getByRole('link', { name: 'All in the auth log' }).getAttribute('href')).toBe(
    '/auth-log?user=joe%40example.com',
  )
  expect(await findBarriers(page)).toEqual([])
  await press(page, 'Unlock')
  await drawer.getByText('Yes. Nothing stands in the way').waitFor()
  expect(await logsIn(joe.name, joe.password)).toBe(true)

  await press(page, 'Set up')
  const otpauth = await readQr(page)
  await page.getByLabel('The code that the app shows now').fill('000000')
  await press(page, 'Confirm')
  await page.getByText('This is not the code of now').waitFor()
  await page.getByLabel('The code that the app shows now').fill(codeFor(otpauth, Date.now()))
  await press(page, 'Confirm')
  await drawer.getByText('On: six digits').waitFor()
  expect(await logsIn(joe.name, joe.password)).toBe(false)
  expect(await logsIn(joe.name, joe.password + codeFor(otpauth, Date.now() + 30_000))).toBe(true)

  await press(page, 'New phone')
  await press(page, 'New phone')
  const renewed = await readQr(page)
  expect(await logsIn(joe.name, joe.password + codeFor(renewed, Date.now()))).toBe(true)
  await press(page, 'I have passed it on')

  await page.reload()
  await drawer.getByText('On: six digits').waitFor()
  expect(await page.getByRole('img', { name: 'QR code of the secret' }).count()).toBe(0)
  expect(await actionsAt(joe.name)).toEqual([
    'user add',
    'user unlock',
    'user totp enable',
    'user totp confirm',
    'user totp confirm',
    'user totp reset',
  ])
  expect(visitor.complaints()).toEqual([])
})

/** By a program that has never seen ours, as a phone reads it off the screen. */
async function readQr(page: Page): Promise<string> {
  const image = page.getByRole('img', { name: 'QR code of the secret' })
  const source = (await image.getAttribute('src')) ?? ''
  const file = join(rig.folder, 'qr.png')
  writeFileSync(file, Buffer.from(source.split('base64,')[1] ?? '', 'base64'))
  const otpauth = execFileSync('zbarimg', ['--quiet', '--raw', file], { encoding: 'utf8' }).trim()
  rememberSecret(new URL(otpauth).searchParams.get('secret') ?? '')
  return otpauth
}

async function actionsAt(name: string): Promise<string[]> {
  const { json } = await rig.gateway.mustCli(['operation', 'list', '--target', name, '--json'])
  return (json as { action: string }[]).map(({ action }) => action).toReversed()
}

test('a new mailbox logs in; disabled it does not; deleted it is gone', async () => {
  // A second try finds what the first one left.
  const ann = { name: `ann-${randomUUID()}@example.com`, password: 'a password of Ann' }
  rig.dovecot.addUser(ann)
  await using visitor = await open('/mailboxes', { language: 'zh' })
  const { page } = visitor
  await press(page, '新建邮箱')
  const form = page.getByRole('dialog')
  await press(page, /^创\s?建$/)
  await form.getByText('请填写').waitFor()
  await form.getByLabel('邮箱', { exact: true }).fill(ann.name)
  await form.getByLabel('新密码', { exact: true }).fill(ann.password)
  await press(page, /^创\s?建$/)
  await page.getByText('可以。密码正确即可登录。').waitFor()
  expect(await logsIn(ann.name, ann.password)).toBe(true)
  expect(await findBarriers(page)).toEqual([])

  await press(page, '更多')
  await page.getByRole('menuitem', { name: /停\s?用/ }).click()
  await press(page, /^停\s?用$/)
  await page.getByText('不能：邮箱已停用').waitFor()
  expect(await logsIn(ann.name, ann.password)).toBe(false)
  await press(page, '更多')
  await page.getByRole('menuitem', { name: /删\s?除/ }).click()
  await press(page, /^删\s?除$/)
  // The page says so for three seconds only.
  const show = () => rig.gateway.cli(['user', 'show', ann.name])
  await vi.waitFor(async () => expect((await show()).code).not.toBe(0), 60_000)
  expect(visitor.complaints()).toEqual([])
})

test('of two who change one mailbox the second is told, and loses nothing of what was typed', async () => {
  await using visitor = await open(`/mailboxes?name=${encodeURIComponent(joe.name)}`)
  const { page } = visitor
  await press(page, 'Edit')
  await page.getByLabel('Owner').last().fill('Second')
  await rig.gateway.mustCli(['user', 'set', joe.name, '--owner', 'First'])
  await press(page, 'Save')
  await page.getByText('Somebody else has changed this mailbox meanwhile').waitFor()
  await page.getByRole('alert').getByText('First').waitFor()
  expect(await page.getByLabel('Owner').last().inputValue()).toBe('Second')
  expect(await show(joe.name)).toMatchObject({ owner: 'First' })
  await press(page, 'Save mine all the same')
  await page.getByText('Saved: it takes effect').waitFor()
  expect(await show(joe.name)).toMatchObject({ owner: 'Second' })
  expect(visitor.complaints()).toEqual([])
})

test('a file is tried, its faults are named by line, then it is imported, exported, changed as a whole', async () => {
  await using visitor = await open('/mailboxes')
  const { page } = visitor
  await press(page, 'Import')
  const rows = Array.from({ length: 120 }, (_, i) => `many${i}@example.net,a password of ${i},Many`)
  const content = ['name,password,owner', ...rows, 'short@example.net,short,'].join('\n')
  const file = { name: 'mailboxes.csv', mimeType: 'text/csv', buffer: Buffer.from(content) }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByText('Nothing has been changed yet').waitFor()
  await page.getByRole('cell', { name: '122', exact: true }).waitFor()
  await press(page, 'Import 120')
  await page.getByText('Imported', { exact: true }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

  await page.goto('/mailboxes?search=example.net&limit=20&sort=owner&order=desc')
  await page.getByText('120 in all').waitFor()
  const downloading = page.waitForEvent('download')
  await press(page, 'Export')
  const exported = await text(await (await downloading).createReadStream())
  expect(exported.trimEnd().split('\r\n')).toHaveLength(121)

  visitor.asked()
  await page.getByRole('columnheader').getByRole('checkbox').check()
  await page.getByText('20 selected').waitFor()
  await press(page, /^Disable$/)
  await press(page, /^Disable$/)
  await page.getByText('Done for 20 mailboxes').waitFor()
  await page.goto('/mailboxes?search=example.net&enabled=false')
  await page.getByText('20 in all').waitFor()
  await page.goBack()
  await page.getByText('120 in all').waitFor()
  expect(visitor.complaints()).toEqual([])
})

test.each([
  ['en', 'light', 1440],
  ['zh', 'dark', 390],
] as const)(
  'the list and the drawer, %s, %s, %i wide: no barriers, few requests',
  async (language, mode, width) => {
    await using visitor = await open('/mailboxes', { language, mode, width })
    const { page } = visitor
    await page.getByRole('link', { name: joe.name }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    expect(visitor.asked()).toEqual(['GET /api/session', 'GET /api/users'])
    await page.getByRole('link', { name: joe.name }).click()
    await page.getByRole('dialog').getByRole('table').first().waitFor()
    expect(await findBarriers(page)).toEqual([])
    expect(visitor.asked()).toEqual([`GET /api/users/${encodeURIComponent(joe.name)}`])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    expect(visitor.complaints()).toEqual([])
  },
)
