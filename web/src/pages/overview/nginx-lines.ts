/** What nginx's mail { } needs to ask this gateway. */
interface Listener {
  /** An address, or `unix:/path`. */
  host: string
  port: string
  hasSecret: boolean
  /** Stands in place of the secret, which is not shown. */
  secretText: string
}

export function nginxLines({ host, port, hasSecret, secretText }: Listener): string {
  return [
    'mail {',
    `    auth_http ${urlOf(host, port)};`,
    '    auth_http_timeout 10s;',
    ...(hasSecret ? [`    auth_http_header X-Auth-Key "${secretText}";`] : []),
    '',
    '    server {',
    '        listen 143;',
    '        protocol imap;',
    '        imap_auth plain login;',
    '    }',
    '    server {',
    '        listen 587;',
    '        protocol smtp;',
    '        smtp_auth plain login;',
    '        proxy_smtp_auth on;',
    '        xclient off;',
    '    }',
    '}',
  ].join('\n')
}

function urlOf(host: string, port: string): string {
  if (host.startsWith('unix:')) return `http://${host}:/api/auth`
  const local = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host]
  return `http://${local ?? (host.includes(':') ? `[${host}]` : host)}:${port}/api/auth`
}
