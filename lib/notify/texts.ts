/** What notices say where nobody has written another text. Lines are short enough for every mail program. */
import type { Language, NoticeKind } from '../settings/notify-settings.ts'

interface Text {
  subject: string
  text: string
}

export const builtIn: Record<NoticeKind, Record<Language, Text>> = {
  totp_enrolled: {
    en: {
      subject: 'One-time codes for your mailbox {user}',
      text: `Your administrator has made a new secret for one-time codes for the mailbox
{user} ({time}).

Please pick it up from your administrator, in person or by telephone. With it
an authenticator app shows six digits, which you type right behind the
password of the mailbox in your mail program.

The secret is never sent by mail. A mail that contains one, or asks you for
one, is not from us.`,
    },
    zh: {
      subject: '邮箱 {user} 的动态验证码',
      text: `管理员已为邮箱 {user} 生成了新的动态验证码密钥（{time}）。

请当面或通过电话向管理员领取。验证器应用用它显示六位数字，
您在邮件程序中把这六位数字紧接在邮箱密码之后输入即可。

密钥绝不会通过邮件发送。凡是包含密钥或向您索取密钥的邮件，都不是我们发的。`,
    },
  },
  locked: {
    en: {
      subject: 'Wrong passwords for your mailbox {user}',
      text: `Several wrong passwords have been tried for the mailbox {user}, the last one
from {address} (network {network}), {time}.

To keep guessers out, the mailbox is locked there for a while, and perhaps
wherever it has not been used before. It unlocks by itself.

If this was you: look whether one of your mail programs still has an old
password. If it was not: none of those passwords was right, and you need to do
nothing. Should this happen again and again, tell your administrator.`,
    },
    zh: {
      subject: '有人用错误的密码登录您的邮箱 {user}',
      text: `有人多次用错误的密码尝试登录邮箱 {user}，
最近一次来自 {address}（网络 {network}），时间 {time}。

为防止有人猜测密码，该处的登录已被暂时锁定，
您从未使用过此邮箱的其他网络也可能受影响。锁定会自动解除。

如果是您本人：请检查是否有邮件程序还保存着旧密码。
如果不是：那些密码都不正确，您无需处理。若反复发生，请告知管理员。`,
    },
  },
  new_network: {
    en: {
      subject: 'Your mailbox {user} was used from a new network',
      text: `Somebody has logged in to the mailbox {user} with its password, from a network
it has not been used from before: {address} (network {network}), {time}.

If this was you, for example with a new telephone or on a journey, you need to
do nothing. If it was not, have your password changed at once and tell your
administrator.`,
    },
    zh: {
      subject: '您的邮箱 {user} 在新的网络登录',
      text: `有人用正确的密码登录了邮箱 {user}，所在网络此前从未使用过该邮箱：
{address}（网络 {network}），时间 {time}。

如果是您本人（例如换了新手机或正在旅行），您无需处理。
如果不是，请立即更换密码，并告知管理员。`,
    },
  },
  attack: {
    en: {
      subject: 'Attack on mailboxes: {event}',
      text: `The mail gateway has noticed an attack: {event}.

Network: {network}
Mailbox: {user}
Time:    {time}

A network that tries many mailboxes is banned for a while, unless it is on the
list of shared or allowed addresses. A mailbox that many networks attack is
shut to strangers for a while; its owner gets in from familiar networks.

What was tried:  mailgateway log search
Bans and ends:   mailgateway ban list`,
    },
    zh: {
      subject: '邮箱遭到攻击：{event}',
      text: `邮件网关发现攻击：{event}。

网络：{network}
邮箱：{user}
时间：{time}

尝试大量邮箱的网络会被暂时封禁（在共享或放行名单中的地址除外）。
被大量网络攻击的邮箱会暂时对陌生网络关闭，所有者仍可从熟悉的网络登录。

查看登录尝试：mailgateway log search
查看封禁：    mailgateway ban list`,
    },
  },
}

export const eventNames = {
  en: {
    spraying: 'one network tries many mailboxes (spraying)',
    stuffing: 'many networks try one mailbox (stuffing)',
    '': 'unknown',
  },
  zh: {
    spraying: '一个网络尝试大量邮箱（密码喷洒）',
    stuffing: '大量网络尝试同一邮箱（撞库）',
    '': '未知',
  },
} as const

export const testText: Record<Language, Text> = {
  en: {
    subject: 'Test mail of the mail gateway',
    text: `This mail was sent to try out the mail server for notices ({time}).
It has arrived, so notices will arrive too.`,
  },
  zh: {
    subject: '邮件网关测试邮件',
    text: `这封邮件用于测试发送通知的邮件服务器（{time}）。
您已收到它，因此通知也能送达。`,
  },
}
