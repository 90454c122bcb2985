/** What nginx's mail { } needs to ask this gateway; conf/nginx/mail.conf explains each line. */
interface Places {
  /** An address, or `unix:/path`. */
  host: string
  port: string
  /** null = none is set. */
  secret: string | null
  certificate: string
  key: string
}

export function nginxConfig({ host, port, secret, certificate, key }: Places): string {
  const header = secret === null ? '' : `\n    auth_http_header X-Auth-Key "${secret}";`
  return `mail {
    auth_http ${urlOf(host, port)};
    auth_http_timeout 10s;${header}
    proxy_pass_error_message on;

    ssl_certificate     ${certificate};
    ssl_certificate_key ${key};

    server {
        listen 143;
        listen 993 ssl;
        protocol imap;
        starttls only;
        imap_auth plain login;
    }
    server {
        listen 110;
        listen 995 ssl;
        protocol pop3;
        starttls only;
        pop3_auth plain;
    }
    server {
        listen 587;
        listen 465 ssl;
        protocol smtp;
        starttls only;
        smtp_auth plain login;
        proxy_smtp_auth on;
        xclient off;
    }
}`
}

function urlOf(host: string, port: string): string {
  if (host.startsWith('unix:')) return `http://${host}:/api/auth`
  // Everywhere: then also where this page was found.
  const place = host === '0.0.0.0' || host === '::' ? location.hostname : hostInUrl(host)
  return `http://${place}:${port}/api/auth`
}

export const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)
