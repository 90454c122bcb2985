/** The mail server for notices, and what they say. */
import { hostOrNone } from './addresses.ts'
import { asSecret, type Definition, live } from './definition.ts'
import { mailAddresses, senderOrNone } from './mail-addresses.ts'
import { template } from './template.ts'
import { line, oneOf, onOff, port, secret } from './values.ts'

/** The kinds of notices, and what each can say. */
const placeholders = {
  totp_enrolled: ['user', 'time'],
  locked: ['user', 'address', 'network', 'time'],
  new_network: ['user', 'address', 'network', 'time'],
  attack: ['event', 'user', 'network', 'time'],
} as const

export type NoticeKind = keyof typeof placeholders
export const noticeKinds = Object.keys(placeholders) as NoticeKind[]

export type Language = 'en' | 'zh'

type TextKey<Kind extends NoticeKind> = `notify.${Kind}_${'subject' | 'text'}_${Language}`

const longestSubject = 150
const longestText = 4_000

/** Texts of one kind in place of the built-in ones. @param name of the kind, in both languages */
function textsOf<Kind extends NoticeKind>(kind: Kind, name: { en: string; zh: string }) {
  const subject = template(longestSubject, true, placeholders[kind])
  const text = template(longestText, false, placeholders[kind])
  const of = (language: string, zhLanguage: string) => ({
    subject: live(
      subject,
      '',
      `Subject of ${name.en}, in ${language}; empty means the built-in one.`,
      `${name.zh}的${zhLanguage}主题；留空则用内置主题。`,
    ),
    text: live(
      text,
      '',
      `Text of ${name.en}, in ${language}; empty means the built-in one.`,
      `${name.zh}的${zhLanguage}正文；留空则用内置正文。`,
    ),
  })
  const [en, zh] = [of('English', '英文'), of('Chinese', '中文')]
  return {
    [`notify.${kind}_subject_en`]: en.subject,
    [`notify.${kind}_text_en`]: en.text,
    [`notify.${kind}_subject_zh`]: zh.subject,
    [`notify.${kind}_text_zh`]: zh.text,
  } as Record<TextKey<Kind>, Definition<string>>
}

export const notifySettings = {
  'smtp.host': live(
    hostOrNone,
    '',
    'Mail server that notices go to; empty means no notices.',
    '发送通知的邮件服务器；留空则不发通知。',
  ),
  'smtp.port': live(port, '587', 'Port of that server.', '该服务器的端口。'),
  'smtp.security': live(
    oneOf('none', 'starttls', 'tls'),
    'starttls',
    'How the way to that server is encrypted.',
    '与该服务器之间的加密方式。',
  ),
  'smtp.tls_ca': live(
    line(0, 1000),
    '',
    "File with the CA of that server, PEM; empty means the system's CAs.",
    '签发该服务器证书的 CA 文件（PEM）；留空则用系统的 CA。',
  ),
  'smtp.user': live(
    line(0, 255),
    '',
    'Account at that server; empty means none is needed.',
    '该服务器的账号；留空则不登录。',
  ),
  'smtp.password': asSecret(live(secret(1), '', 'Password of that account.', '该账号的密码。')),
  'smtp.from': live(
    senderOrNone,
    '',
    'Whom notices are from; empty means no notices.',
    '通知的发件人；留空则不发通知。',
  ),
  'notify.language': live(oneOf('en', 'zh', 'both'), 'both', 'Language of notices.', '通知所用的语言。'),
  'notify.admins': live(
    mailAddresses,
    '',
    'Mail addresses of those who are told of attacks.',
    '接收攻击警报的邮件地址。',
  ),
  'notify.totp_enrolled': live(
    onOff,
    'on',
    'Whether an owner is told of a new secret for one-time codes.',
    '邮箱有了新的验证码密钥时是否通知所有者。',
  ),
  'notify.locked': live(
    onOff,
    'on',
    'Whether an owner is told that guessing has locked the mailbox.',
    '邮箱因猜测密码被锁定时是否通知所有者。',
  ),
  'notify.new_network': live(
    onOff,
    'on',
    'Whether an owner is told of the first login from a network.',
    '首次从某个网络登录时是否通知所有者。',
  ),
  'notify.attack': live(
    onOff,
    'on',
    'Whether administrators are told of spraying and stuffing.',
    '发现喷洒或撞库攻击时是否通知管理员。',
  ),
  ...textsOf('totp_enrolled', { en: 'the notice of a new secret', zh: '新密钥通知' }),
  ...textsOf('locked', { en: 'the notice of a lock', zh: '锁定通知' }),
  ...textsOf('new_network', { en: 'the notice of a new network', zh: '新网络登录通知' }),
  ...textsOf('attack', { en: 'the notice of an attack', zh: '攻击警报' }),
}
