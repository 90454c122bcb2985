import type { Texts } from '../app/language.ts'

const en = {
  thisOne: 'This one',
  browser: 'Browser',
  from: 'From',
  begun: 'Signed in',
  used: 'Last used',
  none: 'Not signed in anywhere.',
}

const zh: typeof en = {
  thisOne: '当前会话',
  browser: '浏览器',
  from: '来源',
  begun: '登录时间',
  used: '最近使用',
  none: '当前没有登录。',
}

export const sessionTexts: Texts<typeof en> = { en, zh }
