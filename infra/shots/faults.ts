/** What a page has that no person should meet: found by measuring, so that it is found in every language and width. */
import type { Page } from 'playwright-core'

/** @returns each fault in a line */
export async function findFaults(page: Page, language: 'en' | 'zh'): Promise<string[]> {
  const { wide, clipped, texts } = await page.evaluate<Measured>(`(${measure.toString()})()`)
  const english = language === 'zh' ? texts.filter(text => /[A-Za-z]{2,}( [a-z]{1,}){3,}/.test(text)) : []
  return [
    ...wide.map(text => `the page is wider than its window: ${text}`),
    ...clipped.map(text => `cut: ${text}`),
    ...english.map(text => `English: ${text}`),
  ]
}

interface Measured {
  wide: string[]
  clipped: string[]
  texts: string[]
}

// biome-ignore lint/suspicious/noExplicitAny: it runs in the page, whose types are not ours
type Any = any

/** Runs in the page. */
function measure(): Measured {
  const { document, innerWidth, getComputedStyle, NodeFilter } = globalThis as Any
  const root = document.documentElement
  const name = (element: Any) =>
    `${element.tagName.toLowerCase()}.${String(element.className).split(' ').slice(0, 2).join('.')}`
  const wide: string[] = []
  if (root.scrollWidth > innerWidth) {
    const beyond = [...document.querySelectorAll('body *')].filter(
      (each: Any) => each.getBoundingClientRect().right > innerWidth + 1,
    )
    wide.push(`${root.scrollWidth} px, such as ${beyond.slice(0, 3).map(name).join(', ')}`)
  }
  /** Whether somebody sees less of the text than there is, and is not told so by an ellipsis. */
  const isClipped = (node: Any) => {
    const range = document.createRange()
    range.selectNodeContents(node)
    const box = range.getBoundingClientRect()
    if (box.width === 0 || box.height === 0) return false
    for (let around = node.parentElement; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around)
      if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') return false
      const [x, y] = [style.overflowX, style.overflowY]
      if (x === 'auto' || x === 'scroll' || y === 'auto' || y === 'scroll') return false
      const frame = around.getBoundingClientRect()
      if (frame.width <= 2 || frame.height <= 2) return false
      if (x === 'hidden' || x === 'clip')
        if (box.right > frame.right + 1.5 || box.left < frame.left - 1.5) return true
      if (y === 'hidden' || y === 'clip')
        if (box.bottom > frame.bottom + 3 || box.top < frame.top - 3) return true
    }
    return false
  }
  const clipped = new Set<string>()
  const texts = new Set<string>()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim()
    const element = node.parentElement
    if (text === '' || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
    if (element.closest('script, style, [aria-hidden="true"], .ant-table-measure-row, .skip')) continue
    if (isClipped(node)) clipped.add(`${text.slice(0, 60)} in ${name(element)}`)
    if (!element.closest('code, pre, textarea, [lang="en"]')) texts.add(text.slice(0, 120))
  }
  return { wide, clipped: [...clipped], texts: [...texts] }
}
