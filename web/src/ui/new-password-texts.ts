import type { Texts } from '../app/language.ts'

const en = {
  password: 'New password',
  rule: (least: number) => `At least ${least} characters, at most 72 bytes`,
  wrongLength: 'Too short or too long',
  make: 'Generate',
  made: 'Copy it now, it is not shown again:',
}

const zh: typeof en = {
  password: '新密码',
  rule: least => `至少 ${least} 个字符，最多 72 字节`,
  wrongLength: '长度不符合要求',
  make: '生成',
  made: '请立即复制，之后不再显示：',
}

export const newPasswordTexts: Texts<typeof en> = { en, zh }
