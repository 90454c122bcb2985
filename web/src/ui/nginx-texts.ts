import type { Texts } from '../app/language.ts'

const en = {
  hint: 'Put this into nginx.conf at top level, beside http { }, with your own certificate; then nginx -t && systemctl reload nginx. Debian’s package libnginx-mod-mail brings the mail module.',
  secret: 'the text of auth_server.secret',
  secretHint: 'This gateway wants its secret with every question. It is not shown here: put in your own.',
  certificate: 'your certificate',
  key: 'its key',
}

const zh: typeof en = {
  hint: '放入 nginx.conf 的最外层，与 http { } 并列，并换成您自己的证书；然后执行 nginx -t && systemctl reload nginx。在 Debian 上，邮件模块由软件包 libnginx-mod-mail 提供。',
  secret: 'auth_server.secret 的内容',
  secretHint: '本网关要求每次询问都带上密钥。这里不显示密钥，请自行填入。',
  certificate: '您的证书',
  key: '证书的私钥',
}

export const nginxTexts: Texts<typeof en> = { en, zh }
