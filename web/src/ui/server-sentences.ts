/**
 * What the gateway says of a value, an address or a mail server is English; here it is in Chinese. A sentence that is not
 * known stays as it came: it still says more than none.
 */
/** Behind the name of the field, if it is there. */
const sentences: [RegExp, string][] = [
  [/must have at most (\d+) characters/, '最多 $1 个字符'],
  [/must have at most (\d+) bytes/, '最多 $1 字节'],
  [/needs at least (\d+) characters/, '至少需要 $1 个字符'],
  [/is longer than (\d+) bytes.*/, '超过 $1 字节（UTF-8），bcrypt 只能读取这么多'],
  [/must not contain control characters/, '不能包含控制字符'],
  [/is one of the first that attackers try/, '是攻击者最先尝试的密码之一'],
  [/must not begin or end with a space.*/, '使用动态验证码时，密码首尾不能有空格'],
  [/must be 1 to 255 bytes such as (\S+),.*/, '须为 1 至 255 字节，例如 $1，首尾无空格，不含隐藏字符'],
  [/must be a whole number from (\d+) to (\d+)/, '须为 $1 到 $2 的整数'],
  [/must be a whole number/, '须为整数'],
  [/must be (\d+) to (\d+)/, '须在 $1 到 $2 之间'],
  [/must be text.*/, '须为文字'],
  [/must be (?:at most|within) 36500d; .*/, '最长 36500 天；更久请选永久'],
  [/must have at most (\d+) lines, and has (\d+)/, '最多 $1 行，现有 $2 行'],
  [/must be a DNS name or an IP address.*/, '须为域名或 IP 地址，不带方括号和区域标识'],
  [/must be a mail domain such as ([^,]+).*/, '须为邮件域，例如 $1'],
  [/must be one such as (\S+)/, '须形如 $1'],
  [/must be 1 to 64 of a-z 0-9 - _ \..*/, '须为 1 至 64 个小写字母、数字或 - _ .'],
  [/must be an address such as (\S+) or a network such as (\S+)/, '须为地址（如 $1）或网段（如 $2）'],
  [
    /must be an address, or a prefix of (\S+) \(IPv6: (\S+)\) or longer/,
    '须为地址，或不短于 $1（IPv6：$2）的网段',
  ],
  [/must be an address or (?:network|CIDR)/, '须为地址或网段'],
  [/must be an address/, '须为地址'],
  [/must be a mail address such as (\S+)/, '须为邮件地址，例如 $1'],
  [/must be a time such as (\w+)(?:, or null.*)?/, '须为时长，例如 $1'],
  [/must be in the future/, '须在将来'],
  [/must say why/, '请写明原因'],
  [/must be bcrypt.*/, '须为 bcrypt 散列（$2a$、$2b$ 或 $2y$），强度 10 至 12'.replaceAll('$', '$$$$')],
  [/must not be there together with a hash/, '不能与散列同时给出'],
  [/must name at least one.*/, '至少选择一个'],
  [/must be one of (.+)/, '须为以下之一：$1'],
  [/is not a duration; write (\w+), (\w+) or (\w+)/, '不是时长，请写成 $1、$2 或 $3'],
  [/is out of range; write a duration from (\w+) to (\w+)/, '超出范围，请填写 $1 到 $2 的时长'],
  [/is not allowed; write a whole number from (\d+) to (\d+)/, '须为 $1 到 $2 的整数'],
  [/is not allowed; write a size from (\w+) to (\w+)/, '大小须在 $1 到 $2 之间'],
  [/is not allowed; write up to (\d+) characters.*/, '最多 $1 个字符，不含控制字符'],
  [/is not allowed; write (\d+) to (\d+) characters.*/, '长度须为 $1 到 $2 个字符，不含控制字符'],
  [/is not allowed; write 1 to 64 letters, digits and the signs (.*)/, '须为 1 至 64 个字母、数字或 $1'],
  [/is not allowed; write 16 to 256 printable ASCII.*/, '须为 16 至 256 个可打印的 ASCII 字符，不含空格'],
  [/is not allowed; write 1 to (\d+) addresses, as (.*)/, '须为 1 至 $1 个地址，形如 $2'],
  [/is not allowed; a secret has no control characters/, '密钥不能包含控制字符'],
  [/is not allowed; write (.+)/, '不符合要求，可写为：$1'],
  [/is not a host; .*/, '须为 IP 地址或主机名，不带端口'],
  [/is not an address; .*/, '须为 IP 地址、主机名或 unix:/路径'],
  [/is not a socket; .* 1 to (\d+) bytes/, '须为 unix: 加 1 至 $1 字节的路径'],
  [/is not a domain; .*/, '须为域名，例如 example.org'],
  [/is not a list of origins; write (\S+),.*/, '须为来源列表，例如 $1，不带路径和 *'],
  [/is not a [^;]+; write (.+)/, '格式不正确，请写成：$1'],
  [/is too short; write at least (\d+) characters/, '太短，至少需要 $1 个字符'],
  [/is a known example value;.*/, '是公开的示例值，请换成自己的密钥'],
  [/holds a placeholder that is not known; write (.+)/, '含有未知的占位符，可用：$1'],
  [/there is already a mailbox (\S+)/, '已存在邮箱 $1'],
  [/there is already an administrator (\S+)/, '已存在管理员 $1'],
  [/there is no administrator of that name/, '没有这个名称的管理员'],
  [/the password is wrong/, '密码错误'],
  [/the one-time code is wrong/, '动态验证码错误'],
  [/right password, but without a one-time code/, '密码正确，但没有动态验证码'],
  [/right password, but the one-time code was used before/, '密码正确，但动态验证码已被使用'],
  [/right password, but the administrator is disabled/, '密码正确，但该管理员已停用'],
  [/locked after wrong passwords/, '因密码错误被锁定'],
  [/too many passwords are tried at once/, '同时尝试的密码过多'],
  [/its network has tried too many wrong passwords/, '该网络尝试的错误密码过多'],
  [/the password or the account was changed at the same moment/, '密码或账户在同一时刻被修改'],
  [/there is already a backend with protocol (\w+), host (\S+) and port (\d+)/, '已存在后端 $1 $2:$3'],
  [/domain and pool exclude each other:.*/, '邮件域和池不能同时设置'],
  [/a new mailbox needs a password or a password_hash/, '新邮箱需要 password 或 password_hash'],
  [
    /(?:somebody else has changed|\S+ (?:has been|was) changed meanwhile).*/,
    '其他人刚刚修改过，请重新加载后再改',
  ],
  [
    /covers an address of this machine.*/,
    '包含本机的地址，nginx 和网页邮箱可能由此访问；确需如此，请勾选下面的选项',
  ],
  [
    /covers a proxy of server\.trusted_proxies.*/,
    '包含 server.trusted_proxies 中的代理；确需如此，请勾选下面的选项',
  ],
  [/covers your own address.*/, '包含您自己的地址；确需如此，请勾选下面的选项'],
  [/this ban is over and stays as a record;.*/, '此封禁已结束，仅作记录；请另行添加'],
  [/code is not the one of now;.*/, '不是当前的验证码；请输入下一个，并检查手机和网关的时钟'],
  [/too many wrong passwords; wait up to (\d+) minutes/, '错误密码过多，请等待最多 $1 分钟'],
  [/there is no mail server to send with:.*/, '没有可用的邮件服务器：请设置 smtp.host 和 smtp.from'],
  [/such notices are switched off; set (\S+) to on first/, '此类通知已关闭，请先开启 $1'],
  [/one is on its way, or was sent this minute;.*/, '通知正在发送，或刚刚已发送'],
  [/connection failed: ECONNREFUSED/, '连接被拒绝'],
  [/connection failed: (\w+)/, '连接失败：$1'],
  [/no (?:connection|greeting|answer) within (\d+) ms/, '$1 毫秒内没有响应'],
  [/closed without a greeting/, '没有问候语就断开了连接'],
  [/unexpected greeting (".*")/, '意外的问候语：$1'],
  [/the name has no address/, '域名没有对应的地址'],
  [/name lookup failed: (\w+)/, '域名解析失败：$1'],
  [/(\S+) refused the login \((.*)\);.*/, '$1 拒绝了登录（$2）；请检查 smtp.user 和 smtp.password'],
  [/nobody listens at (\S+) \((.*)\);.*/, '$1 没有服务在监听（$2）；请检查 smtp.host 和 smtp.port'],
  [/(\S+) did not accept the mail \((.*)\);.*/, '$1 没有接受邮件（$2）'],
  [/(\S+) does not accept the sender \((.*)\);.*/, '$1 不接受发件人（$2）；请检查 smtp.from'],
  [
    /(\S+) does not answer as a mail server \((.*)\);.*/,
    '$1 没有按邮件服务器的方式响应（$2）；请检查 smtp.host 和 smtp.port',
  ],
  [/(\S+) has no address \((.*)\);.*/, '$1 没有对应的地址（$2）；请检查 smtp.host'],
  [
    /no encrypted connection with (\S+) \((.*)\);.*/,
    '无法与 $1 建立加密连接（$2）；请检查证书、smtp.tls_ca 和 smtp.security',
  ],
]

const known = sentences.map(
  ([{ source }, chinese]) => [new RegExp(`^(?:[\\w.]+ (?:\\S+ )?)??${source}$`), chinese] as const,
)

/** Each line, as far as it is known. */
export const inChinese = (text: string): string => text.split('\n').map(translate).join('\n')

function translate(line: string): string {
  for (const [pattern, chinese] of known)
    if (pattern.test(line)) return line.replace(pattern, chinese).replaceAll(/,? or /g, ' 或 ')
  return line
}
