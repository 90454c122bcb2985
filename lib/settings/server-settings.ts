/** The two listeners, and who may ask the one of nginx. */
import { host, listenAddress, networks, origins } from './addresses.ts'
import { asSecret, fixed } from './definition.ts'
import { exchangeableSecrets, headerSecret, line, oneOf, port, wholeNumber } from './values.ts'

export const serverSettings = {
  'server.host': fixed(host, '127.0.0.1', 'Address of the admin listener.', '管理端监听的地址。'),
  'server.port': fixed(port, '8089', 'Port of the admin listener.', '管理端监听的端口。'),
  'server.mode': fixed(
    oneOf('release', 'debug', 'test'),
    'release',
    'Debug logs more.',
    '运行模式；debug 会记录更多日志。',
  ),
  'server.node': fixed(
    line(0, 40),
    '',
    'Name of this gateway in the auth log; empty means host name and port.',
    '本网关在认证日志中的名称；留空则为主机名加端口。',
  ),
  'server.workers': fixed(
    wholeNumber(1, 64),
    '1',
    'Processes that answer; more need MySQL and Redis.',
    '提供服务的进程数；多于一个需要 MySQL 和 Redis。',
  ),
  'server.tls_cert': fixed(
    line(0, 1024),
    '',
    'Certificate file (PEM) for HTTPS on the admin listener; empty means HTTP.',
    '管理端 HTTPS 的证书文件（PEM）；留空则使用 HTTP。',
  ),
  'server.tls_key': fixed(
    line(0, 1024),
    '',
    'File with the private key (PEM) of that certificate.',
    '该证书的私钥文件（PEM）。',
  ),
  'server.trusted_proxies': fixed(
    networks,
    '',
    'Reverse proxies whose X-Forwarded-For is believed.',
    '可信的反向代理；仅采信来自它们的 X-Forwarded-For。',
  ),
  'server.proxy_secret': asSecret(
    fixed(
      exchangeableSecrets,
      '',
      'Header value (X-Proxy-Key) without which no X-Forwarded-For is believed.',
      '请求头 X-Proxy-Key 的密钥；设置后，只采信带有它的请求中的 X-Forwarded-For。',
    ),
  ),
  'server.cors_origins': fixed(
    origins,
    '',
    'Web origins whose pages may call the API.',
    '允许其网页调用 API 的来源（Origin）。',
  ),
  'server.rate_limit': fixed(
    wholeNumber(10, 1_000_000),
    '600',
    'Requests a minute that the API answers one address.',
    'API 每分钟对同一地址应答的请求数上限。',
  ),
  'auth_server.host': fixed(
    listenAddress,
    '127.0.0.1',
    'Address nginx asks: host or unix:/path.',
    'nginx 访问的地址：主机，或 unix:/路径。',
  ),
  'auth_server.port': fixed(
    port,
    '8090',
    'Port nginx asks; unused with a unix socket.',
    'nginx 访问的端口；使用 unix 套接字时无效。',
  ),
  'auth_server.secret': asSecret(
    fixed(
      headerSecret,
      '',
      'Header value nginx must send; needed off loopback.',
      'nginx 必须发送的请求头密钥；监听非本机地址时必填。',
    ),
  ),
  'edge.auth': fixed(
    oneOf('off', 'secret', 'hmac'),
    'off',
    'What nginx or the relay must prove; a cloud function needs secret or hmac.',
    'nginx 或中继必须出示的凭证；云函数必须用 secret 或 hmac。',
  ),
  'edge.secret': asSecret(
    fixed(
      exchangeableSecrets,
      '',
      'Secret of that proof, or new,old while it is exchanged.',
      '该凭证所用的密钥；轮换期间写为“新,旧”。',
    ),
  ),
}
