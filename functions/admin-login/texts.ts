/** The one text for every sign-in that failed, in the language that the client asks for. */
import type { Context } from 'hono'
import { accepts } from 'hono/accepts'

const texts: Record<string, string> = { en: 'sign-in failed', zh: '登录失败' }

export function signInFailed(c: Context): string {
  const language = accepts(c, {
    header: 'Accept-Language',
    supports: Object.keys(texts),
    default: 'en',
    match: (wanted, { supports, default: usual }) =>
      wanted
        .toSorted((a, b) => b.q - a.q)
        .map(({ type }) => type.toLowerCase().split('-')[0]!)
        .find(type => supports.includes(type)) ?? usual,
  })
  return texts[language]!
}
