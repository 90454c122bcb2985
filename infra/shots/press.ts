import type { Page } from 'playwright-core'

/** The name of a button in either language, behind that of its icon; antd parts two Chinese characters. */
export const named = (en: string, zh: string) =>
  new RegExp(`^(?:[a-z-]+ )?(${quote(en)}|${[...zh].map(quote).join('\\s?')})`)

const quote = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The last such button: that of the dialogue that was opened last. */
export const press = (page: Page, en: string, zh: string) =>
  page
    .getByRole('button', { name: named(en, zh) })
    .last()
    .click()

export const choose = (page: Page, en: string, zh: string) =>
  page
    .getByRole('menuitem', { name: named(en, zh) })
    .last()
    .click()
