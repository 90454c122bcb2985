/** The reasons in Chinese; in English they are in reasons.ts. */
import type { Reason } from './reasons.ts'

export const chinese: Record<Reason, { meaning: string; remedy: string }> = {
  ok: { meaning: '密码正确', remedy: '' },
  wrong_password: { meaning: '密码错误', remedy: '重设密码：mailgateway user set-password NAME' },
  unknown_user: { meaning: '没有这个邮箱', remedy: '新建邮箱：mailgateway user add NAME' },
  disabled: { meaning: '密码正确，但邮箱已停用', remedy: '启用邮箱：mailgateway user enable NAME' },
  protocol_not_allowed: {
    meaning: '密码正确，但该邮箱不允许使用此协议',
    remedy: '允许该协议：mailgateway user set NAME --protocols LIST',
  },
  code_missing: {
    meaning: '密码正确，但后面没有一次性验证码',
    remedy: '在密码后紧接着输入当前的验证码；mailgateway user totp disable NAME 可取消验证码要求',
  },
  code_old: { meaning: '密码正确，但一次性验证码已过期', remedy: '输入密码和当前的验证码' },
  code_spent: {
    meaning: '密码正确，但该验证码或更晚的验证码已被使用',
    remedy: '等待下一个验证码，接在密码后面输入',
  },
  grant_ended: { meaning: '曾经有效的密码和验证码', remedy: '输入密码和当前的验证码' },
  grant_elsewhere: {
    meaning: '密码和验证码只在另一个网络有效',
    remedy: '输入密码和当前的验证码；totp.grant_roam 允许其在别的网络继续使用',
  },
  password_unsendable: {
    meaning: '密码正确，但首尾有空格，后接验证码时 nginx 无法传送',
    remedy: '重设密码：mailgateway user set-password NAME',
  },
  empty_password: { meaning: '密码为空', remedy: '输入密码' },
  password_too_long: { meaning: '密码超过 72 字节', remedy: '输入邮箱的密码，它没有这么长' },
  bad_name: { meaning: '任何邮箱都不可能是这个名称', remedy: '输入邮箱的名称' },
  bad_bytes: {
    meaning: '名称或密码含控制字节、不是 UTF-8，或超过 1 KiB',
    remedy: '以 UTF-8 文本输入名称和密码',
  },
  bad_request: {
    meaning: 'nginx 的某个请求头缺失、重复或无法读取',
    remedy: '原样使用 conf/nginx/mail.conf；mailgateway doctor 会检查 nginx',
  },
  method_not_offered: {
    meaning: '使用了明文密码以外的认证方式',
    remedy: '让 nginx 只提供 plain 和 login，如 conf/nginx/mail.conf 所示',
  },
  login_required: {
    meaning: '未登录就发信（SMTP 认证方式 none）',
    remedy: '先登录；nginx 配置：smtp_auth plain login',
  },
  original_refused: { meaning: '被原 MailGateway 拒绝，其原因在这里没有对应项', remedy: '' },
  banned: { meaning: '该地址被管理员封禁', remedy: '解除封禁：mailgateway ban remove BAN' },
  banned_automatically: {
    meaning: '该地址因猜测密码被封禁',
    remedy: '解除封禁：mailgateway ban remove BAN',
  },
  locked: {
    meaning: '陌生网络猜测了该邮箱的密码：除熟悉的网络外一律锁定',
    remedy: '解锁：mailgateway user unlock NAME',
  },
  locked_here: {
    meaning: '从这个熟悉的网络输错密码过多：对该网络锁定',
    remedy: '解锁：mailgateway user unlock NAME',
  },
  shut_to_strangers: {
    meaning: '长期累计的错误密码过多：解锁前只允许熟悉的网络',
    remedy: '解锁：mailgateway user unlock NAME',
  },
  many_networks: {
    meaning: '许多网络在猜测该邮箱的密码：一段时间内只允许熟悉的网络',
    remedy: '解锁：mailgateway user unlock NAME',
  },
  too_many_guesses: {
    meaning: '错误的或正在核对的不同密码已达上限',
    remedy: '解锁：mailgateway user unlock NAME',
  },
  no_backend: {
    meaning: '该邮箱和协议没有正常的后端',
    remedy: '查看后端：mailgateway backend list',
  },
  busy: {
    meaning: '同时要核对的密码过多',
    remedy: '稍候；可调大 auth.hash_threads 和 auth.hash_deadline',
  },
  timeout: { meaning: '判定耗时过长', remedy: '稍候；应用日志说明哪一步慢' },
  hot_state_away: {
    meaning: 'Redis 无法连接、没有及时应答，或刚刚重建',
    remedy: '检查：mailgateway doctor',
  },
  database_away: {
    meaning: '数据库无法连接，而这次登录所需的并未全部记住',
    remedy: '检查：mailgateway doctor',
  },
  unavailable: { meaning: '网关的某个部分出了故障', remedy: '应用日志写明是哪个部分' },
}
