/** Every link into the console opens what it says: after a reload, and for somebody who has to sign in first. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from 'bcryptjs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { signInAt } from './admins.ts'
import { ask, nginxLines } from './ask.ts'
import { signIn, startBrowser, type Visitor, visit } from './browser.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { watch } from './watch.ts'

// Every page is opened three times.
vi.setConfig({ testTimeout: 600_000 })

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-console-links-'))
const admin = { name: 'admin', password: 'correct horse battery staple' }
const mailboxes = 100
/** No page of the console asks more when it is opened. */
const mostRequests = 9

let gateway: Gateway
let browser: Browser
let base: string
const ids = { attempt: '', ban: '', backend: '' }

beforeAll(async () => {
  const settings = { MAILGATEWAY_ADMIN_PASSWORD: admin.password, MAILGATEWAY_SERVER_RATE_LIMIT: '100000' }
  gateway = await startGateway(folder, { settings })
  base = `http://127.0.0.1:${gateway.ports.admin}`
  const send = await signInAt(gateway, admin)
  const names = Array.from({ length: mailboxes }, (_, i) => `many${String(i).padStart(3, '0')}@example.net`)
  // One bcrypt hash for all: nobody logs in here.
  const password_hash = await hash('a password of nobody', 10)
  const content = ['name,password_hash,owner', ...names.map(name => `${name},${password_hash},Many`)]
  await send('POST /api/users/import', { format: 'csv', content: content.join('\n') })
  const { ports } = gateway
  for (const user of names.slice(0, 3))
    await ask(ports.nginx, nginxLines({ user, password: 'not the password' }))
  ids.attempt = (await send('GET /api/auth-log')).items[0].request_id
  ids.ban = (
    await send('POST /api/bans', { cidr: '203.0.113.0/24', reason: 'attacks us', duration: null })
  ).id
  await send('POST /api/exceptions', { kind: 'allow', cidr: '198.51.100.0/24', note: 'office' })
  const backend = { protocol: 'imap', host: '127.0.0.1', port: 9 }
  ids.backend = (await send('POST /api/backends', backend)).backend.id
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

/** For each path of the router links with every field that a view of it has; what stands there in both languages. */
const links: Record<string, [query: () => string, shown: RegExp][]> = {
  '/': [[() => '?span=7d&top=address', /Success rate|成功率/]],
  '/mailboxes': [
    [
      () =>
        '?search=many&enabled=true&totp=off&domain=example.net&sort=owner&order=desc&limit=20&name=many007@example.net',
      /many007@example\.net/,
    ],
    [() => '?pool=none&locked=false', /Nothing matches|没有匹配/],
  ],
  '/auth-log': [
    [
      () =>
        `?address=192.0.2.0%2F24&result=failed&protocol=imap&reason=wrong_password,locked&method=plain&text=many&since=24h&limit=20&attempt=${ids.attempt}`,
      /set-password/,
    ],
    [() => '?user=many001@example.net&backend=127.0.0.1:9&since=1000&until=2000', /Nothing matches|没有匹配/],
  ],
  '/bans': [
    [
      () => `?state=all&search=attacks&address=203.0.113.7&event=manual&limit=20&ban=${ids.ban}`,
      /203\.0\.113/,
    ],
    [() => '?tab=exceptions&kind=allow&search=office&address=198.51.100.7', /198\.51\.100\.0/],
  ],
  '/backends': [[() => `?span=day&history=${ids.backend}`, /127\.0\.0\.1:9/]],
  '/operation-log': [
    [
      () =>
        '?actor=admin&action=ban+add&target=203.0.113.0%2F24&result=success&text=attacks&since=7d&limit=20',
      /203\.0\.113\.0/,
    ],
  ],
  '/admins': [[() => '?search=adm&limit=20', /admin/]],
  '/settings': [
    [() => '?group=mail&kind=attack&state=sent', /Nothing matches|没有匹配/],
    [() => '?group=texts', /\{name\}|\{user\}/],
  ],
  '/health': [[() => '', /SQLite/]],
  '/account': [[() => '', /Firefox|Chrome/]],
}

interface Watched extends Visitor {
  /** What was asked since the last call, each question once; times of now are left out. */
  questions(): string[]
  forget(): void
  count(): number
}

async function come(language: 'en' | 'zh'): Promise<Watched> {
  const visitor = await visit(browser, { base, language })
  const { page } = visitor
  const asked: string[] = []
  const failed: string[] = []
  page.on('request', request => {
    const { pathname, search } = new URL(request.url())
    if (pathname.startsWith('/api/')) asked.push(`${pathname}${search.replaceAll(/\d{13}/g, 'now')}`)
  })
  page.on('requestfailed', request => {
    // A page that is left takes back what it asked.
    const why = request.failure()?.errorText
    if (why !== 'net::ERR_ABORTED') failed.push(`${request.url()}: ${why}`)
  })
  page.on('response', response => {
    // How a browser finds out that nobody is signed in.
    if (response.status() >= 400 && !response.url().endsWith('/refresh'))
      failed.push(`${response.status()} ${response.url()}`)
  })
  return {
    ...visitor,
    questions: () => [...new Set(asked)].toSorted(),
    forget: () => void asked.splice(0),
    count: () => asked.length,
    complaints: () => [...visitor.complaints(), ...failed.splice(0)],
  }
}

/** With its fields escaped as the router has them. */
const spell = ({ pathname, searchParams }: URL) => `${pathname}?${searchParams}`

const rowsOf = (page: Page) => page.locator('tbody tr[data-row-key]').count()

test('every path of the router has its links here', async () => {
  await using visitor = await come('en')
  await visitor.page.goto('/')
  await visitor.page.waitForURL('**/sign-in*')
  const paths = await visitor.page.evaluate<string[]>('Object.keys(__TSR_ROUTER__.routesByPath)')
  expect(paths.toSorted()).toEqual([...Object.keys(links), '/sign-in'].toSorted())
})

test('every link opens what it says, after a reload, and for somebody else who has to sign in first', async () => {
  await using visitor = await come('en')
  await signIn(visitor.page, admin.name, admin.password, '/account')
  await using other = await come('zh')
  for (const [path, queries] of Object.entries(links))
    for (const [query, shown] of queries) {
      const link = path + query()
      const isThere = async ({ page }: Visitor) => {
        await page.waitForURL(url => spell(url) === spell(new URL(link, base)))
        await page.getByText(shown).first().waitFor()
      }
      await other.page.context().clearCookies()
      await other.page.goto(link)
      await other.page.waitForURL(url => url.pathname === '/sign-in')
      await other.page.getByLabel('用户名').fill(admin.name)
      await other.page.getByLabel('密码').fill(admin.password)
      other.forget()
      await other.page.getByRole('button', { name: /^登\s?录$/ }).click()
      await isThere(other)
      for (const open of [() => visitor.page.goto(link), () => visitor.page.reload()]) {
        visitor.forget()
        await open()
        await isThere(visitor)
        await watch(() => visitor.questions()).toEqual(other.questions())
        await watch(() => rowsOf(visitor.page)).toBe(await rowsOf(other.page))
        expect(visitor.count(), link).toBeLessThanOrEqual(mostRequests)
      }
      expect([...visitor.complaints(), ...other.complaints()], link).toEqual([])
    }
})

test('back and forward keep the filters, and the place in a long list', async () => {
  await using visitor = await come('en')
  const { page } = visitor
  await signIn(page, admin.name, admin.password, '/mailboxes?limit=100')
  const search = page.getByRole('searchbox', { name: 'Search name or owner' })
  await search.fill('many')
  await page.waitForURL(/search=many/)
  const link = page.getByRole('link', { name: 'many090@example.net' })
  await link.scrollIntoViewIfNeeded()
  const place = () => page.evaluate<number>('scrollY')
  const before = await place()
  expect(before).toBeGreaterThan(1_000)

  await link.click()
  await page.getByRole('dialog').getByText('Familiar networks').first().waitFor()
  expect(await place()).toBe(before)
  await page.goBack()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  expect(await place()).toBe(before)

  await page.getByRole('menuitem', { name: 'Health' }).click()
  await page.getByText('Logins can be decided').waitFor()
  expect(await place()).toBe(0)
  await page.goBack()
  await link.waitFor()
  await watch(place).toBe(before)
  expect(await search.inputValue()).toBe('many')
  await page.goForward()
  await page.getByText('Logins can be decided').waitFor()
  await page.goBack()
  await watch(place).toBe(before)
  await page.reload()
  await link.waitFor()
  expect(await search.inputValue()).toBe('many')
  expect(visitor.complaints()).toEqual([])
})
