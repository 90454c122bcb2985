/** Why an auth attempt ended as it did, in few words. The long ones, and what lifts it, are the API's. */
import type { Reason } from '../../../lib/login/reasons.ts'
import { type Texts, useTexts } from '../app/language.ts'

const en: Record<Reason, string> = {
  ok: 'Logged in',
  wrong_password: 'Wrong password',
  unknown_user: 'No such mailbox',
  disabled: 'Right password, but the mailbox is disabled',
  protocol_not_allowed: 'Right password, but this protocol is not allowed',
  code_missing: 'Right password, but no one-time code behind it',
  code_old: 'Right password, but the one-time code is too old',
  code_spent: 'Right password, but the one-time code was used before',
  grant_ended: 'Password and code that were good once',
  grant_elsewhere: 'Password and code that are good in another network only',
  password_unsendable: 'Right password, but a blank at its end keeps nginx from passing it on',
  empty_password: 'Empty password',
  password_too_long: 'Password longer than 72 bytes',
  bad_name: 'No mailbox can have such a name',
  bad_bytes: 'Name or password is not readable text',
  bad_request: 'nginx sent a request that cannot be read',
  method_not_offered: 'A sign-in method that is not offered',
  login_required: 'Mail without a login',
  original_refused: 'Refused by the original MailGateway',
  banned: 'Address banned by an administrator',
  banned_automatically: 'Address banned for guessing',
  locked: 'Locked: strangers guessed at this mailbox',
  locked_here: 'Locked: too many wrong passwords from this familiar network',
  shut_to_strangers: 'Closed to strangers until unlocked: too many wrong passwords',
  many_networks: 'Closed to strangers for a while: many networks guessed',
  too_many_guesses: 'Too many different wrong passwords',
  no_backend: 'No healthy backend',
  busy: 'Too many passwords to check at once',
  timeout: 'The decision took too long',
  hot_state_away: 'Redis was away',
  database_away: 'The database was away',
  unavailable: 'A part of the gateway failed',
}

const zh: Record<Reason, string> = {
  ok: '登录成功',
  wrong_password: '密码错误',
  unknown_user: '没有这个邮箱',
  disabled: '密码正确，但邮箱已停用',
  protocol_not_allowed: '密码正确，但不允许使用此协议',
  code_missing: '密码正确，但后面没有动态验证码',
  code_old: '密码正确，但动态验证码已过期',
  code_spent: '密码正确，但动态验证码已被使用',
  grant_ended: '曾经有效的密码和验证码',
  grant_elsewhere: '密码和验证码只在另一个网络有效',
  password_unsendable: '密码正确，但末尾有空格，nginx 无法传送',
  empty_password: '密码为空',
  password_too_long: '密码超过 72 字节',
  bad_name: '不可能有这样名称的邮箱',
  bad_bytes: '名称或密码不是可读的文本',
  bad_request: 'nginx 发来的请求无法读取',
  method_not_offered: '使用了未提供的认证方式',
  login_required: '未登录就发信',
  original_refused: '被原 MailGateway 拒绝',
  banned: '地址被管理员封禁',
  banned_automatically: '地址因猜测密码被封禁',
  locked: '已锁定：陌生网络猜测过该邮箱的密码',
  locked_here: '已锁定：从这个熟悉的网络输错密码过多',
  shut_to_strangers: '解锁前不接受陌生网络：错误密码过多',
  many_networks: '暂不接受陌生网络：许多网络在猜测密码',
  too_many_guesses: '不同的错误密码过多',
  no_backend: '没有正常的后端',
  busy: '同时要核对的密码过多',
  timeout: '判定耗时过长',
  hot_state_away: 'Redis 不可用',
  database_away: '数据库不可用',
  unavailable: '网关的某个部分出了故障',
}

export const reasonTexts: Texts<Record<Reason, string>> = { en, zh }

/** A reason that this console does not know keeps its code. */
export function useReasonText(): (reason: string) => string {
  const t: Partial<Record<string, string>> = useTexts(reasonTexts)
  return reason => t[reason] ?? reason
}
