/** One page opened by a browser that has nothing of it yet: when it paints, and what it fetches. */
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext } from 'playwright-core'

const dist = fileURLToPath(new URL('../../web/dist', import.meta.url))

export interface Opening {
  /** Milliseconds from the start of the navigation. */
  firstPaint: number
  largestPaint: number
  /** Bytes of all scripts, packed with gzip. */
  scripts: number
  files: number
}

interface Open {
  base: string
  path: string
  /** A selector of what stands there once the page is whole. */
  shown: string
  /** 4 = a processor of a fourth of the speed. */
  slowdown: number
  prepare?(context: BrowserContext): Promise<void>
}

/** As Chromium times them itself; it tells of a paint when it is on the screen. */
const readPaints = `new Promise(done =>
  new PerformanceObserver(list => done({
    firstPaint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    largestPaint: list.getEntries().at(-1).startTime,
  })).observe({ type: 'largest-contentful-paint', buffered: true }))`

export async function openCold(browser: Browser, options: Open): Promise<Opening> {
  const { base, path, shown, slowdown, prepare } = options
  const context = await browser.newContext({ baseURL: base, locale: 'en-GB' })
  try {
    await prepare?.(context)
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
    const scripts = new Set<string>()
    page.on('response', response => {
      if (response.request().resourceType() === 'script') scripts.add(new URL(response.url()).pathname)
    })
    await page.goto(path)
    await page.locator(shown).first().waitFor()
    const paints = await page.evaluate<Pick<Opening, 'firstPaint' | 'largestPaint'>>(readPaints)
    const sizes = [...scripts].map(name => statSync(`${dist}${name}.gz`).size)
    return { ...paints, scripts: sizes.reduce((a, b) => a + b, 0), files: sizes.length }
  } finally {
    await context.close()
  }
}
