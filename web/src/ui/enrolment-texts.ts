import type { Texts } from '../app/language.ts'

const en = {
  title: (name: string) => `One-time codes for ${name}`,
  once: 'This is shown only now. Whoever has it can make the codes.',
  scan: 'Scan it with an authenticator app on the phone.',
  qr: 'QR code of the secret',
  byHand: 'Or type this key into the app:',
  code: 'The code that the app shows now',
  digits: 'Six digits',
  wrongCode:
    'This is not the code of now. Wait for the next one; if that fails too, check the clock of the phone.',
  confirm: 'Confirm',
  vouch: 'Turn on without a code',
  vouchHint: 'If the app was not set up, the owner cannot log in.',
  close: 'I have passed it on',
}

const zh: typeof en = {
  title: name => `${name} 的动态验证码`,
  once: '仅显示这一次。持有它的人就能生成验证码。',
  scan: '请用手机上的验证器应用扫描。',
  qr: '密钥的二维码',
  byHand: '或在应用中手动输入此密钥：',
  code: '应用当前显示的验证码',
  digits: '六位数字',
  wrongCode: '这不是当前的验证码。请等待下一个；若仍不正确，请检查手机时钟。',
  confirm: '确认',
  vouch: '不验证直接启用',
  vouchHint: '如果应用没有设置好，用户将无法登录。',
  close: '我已转交',
}

export const enrolmentTexts: Texts<typeof en> = { en, zh }
