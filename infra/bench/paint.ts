/** One page opened by a browser that has nothing of it yet: when it paints, by Chromium's own trace, and what it fetches. */
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
    await browser.startTracing(page, { categories: ['loading', 'blink.user_timing', 'devtools.timeline'] })
    await page.goto(path)
    await page.locator(shown).first().waitFor()
    const trace = await browser.stopTracing()
    const sizes = [...scripts].map(name => statSync(`${dist}${name}.gz`).size)
    return { ...readPaints(trace), scripts: sizes.reduce((a, b) => a + b, 0), files: sizes.length }
  } finally {
    await context.close()
  }
}

interface TraceEvent {
  name: string
  /** Microseconds. */
  ts: number
  args: { frame?: string; data?: { documentLoaderURL?: string; isOutermostMainFrame?: boolean } }
}

function readPaints(trace: Buffer) {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  const all = (name: string) => traceEvents.filter(event => event.name === name)
  const start = all('navigationStart').findLast(({ args }) =>
    args.data?.documentLoaderURL?.startsWith('http'),
  )
  if (!start) throw new Error('the trace has no navigation')
  const { frame } = start.args
  const timeOf = (name: string) => {
    const event = all(name).findLast(({ ts, args }) => ts > start.ts && args.frame === frame)
    if (!event) throw new Error(`the trace has no ${name}`)
    return (event.ts - start.ts) / 1_000
  }
  return {
    firstPaint: timeOf('firstContentfulPaint'),
    largestPaint: timeOf('largestContentfulPaint::Candidate'),
  }
}
