import type { Texts } from '../../app/language.ts'

const en = {
  title: 'Sign in',
  username: 'Username',
  password: 'Password',
  code: 'One-time code',
  codeHint: 'The six digits that your authenticator app shows now.',
  submit: 'Sign in',
  needed: 'Please fill this in',
  failed:
    'Sign-in failed. Check username and password (and the code, if you use one). After several failures an account is locked for a while.',
  throttled: 'Too many attempts from here. Wait a while and try again.',
}

const zh: typeof en = {
  title: '登录',
  username: '用户名',
  password: '密码',
  code: '动态验证码',
  codeHint: '验证器应用当前显示的六位数字。',
  submit: '登录',
  needed: '请填写',
  failed: '登录失败。请检查用户名和密码（如已启用，还有动态验证码）。多次失败后，账户会被暂时锁定。',
  throttled: '来自此处的尝试过多，请稍后再试。',
}

export const texts: Texts<typeof en> = { en, zh }
