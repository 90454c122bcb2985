/** Debian's Chromium, used as a person uses it; it notes whatever a developer's console would complain about. */
import { type Browser, chromium, type Page } from 'playwright-core'

export interface Visit {
  /** `http://127.0.0.1:8089` */
  base: string
  language?: 'en' | 'zh'
  mode?: 'light' | 'dark'
  width?: number
  height?: number
}

export interface Visitor extends AsyncDisposable {
  page: Page
  /** Errors of the console, of the content security policy, and requests that failed, since the last call. */
  complaints(): string[]
  /** Requests to the API since the last call. */
  asked(): string[]
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
]

/** A busy machine takes its time, and what is awaited comes or does not. */
export const patienceMs = 30_000

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [...flags, '--disable-component-update', '--disable-sync'],
  })
}

/** A person of its own: nothing is shared with others in the same browser. */
export async function visit(browser: Browser, options: Visit): Promise<Visitor> {
  const { base, language = 'en', mode = 'light', width = 1440, height = 900 } = options
  const context = await browser.newContext({
    baseURL: base,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: mode,
    viewport: { width, height },
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
  })
  context.setDefaultTimeout(patienceMs)
  const complaints: string[] = []
  const asked: string[] = []
  // Of the context: a person may open more pages.
  context.on('console', message => {
    // What the gateway refuses is shown by the page; the tests look at that.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      complaints.push(message.text())
  })
  context.on('weberror', error => complaints.push(String(error.error())))
  context.on('response', response => {
    if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`)
  })
  context.on('request', request => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/')) asked.push(`${request.method()} ${pathname}`)
  })
  const page = await context.newPage()
  return {
    page,
    complaints: () => complaints.splice(0),
    asked: () => asked.splice(0),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Through the sign-in page, in either language. */
export async function signIn(page: Page, username: string, password: string, to = '/'): Promise<void> {
  await page.goto(`/sign-in?to=${encodeURIComponent(to)}`)
  await page.getByLabel(/^(Username|用户名)$/).fill(username)
  await page.getByLabel(/^(Password|密码)$/).fill(password)
  await page.getByRole('button', { name: /^(Sign in|登录|登 录)$/ }).click()
  await page.getByRole('banner').or(page.getByRole('alert')).first().waitFor()
}
