/** What nginx has to be told, from the settings that are in force. */
import { Card, Skeleton, Typography } from 'antd'
import { useTexts } from '../../app/language.ts'
import { texts } from './texts.ts'
import { hostInUrl, useValues } from './use-values.ts'

export function NginxLines() {
  const t = useTexts(texts)
  const { data, readValue, isSet } = useValues()
  const host = readValue('auth_server.host')
  const isEverywhere = host === '0.0.0.0' || host === '::'
  const place = isEverywhere ? `<${t.otherMachine}>` : hostInUrl(host)
  const lines = print({
    place: `${place}:${readValue('auth_server.port')}`,
    secret: isSet('auth_server.secret') ? `<${t.secretLine}>` : null,
    certificate: `<${t.cert}>`,
    key: `<${t.key}>`,
  })
  return (
    <Card
      size="small"
      title={t.lines}
      extra={<Typography.Text copyable={{ text: lines, tooltips: [t.copy] }} />}
    >
      <p>{t.linesHint}</p>
      {data ? <pre style={{ whiteSpace: 'pre-wrap', margin: 0 }}>{lines}</pre> : <Skeleton active />}
    </Card>
  )
}

interface Places {
  place: string
  /** null = none is set. */
  secret: string | null
  certificate: string
  key: string
}

function print({ place, secret, certificate, key }: Places) {
  const header = secret === null ? '' : `\n    auth_http_header X-Auth-Key "${secret}";`
  return `mail {
    auth_http http://${place}/api/auth;
    auth_http_timeout 10s;${header}
    proxy_pass_error_message on;

    ssl_certificate     ${certificate};
    ssl_certificate_key ${key};

    server { protocol imap; listen 143; listen 993 ssl; starttls only; imap_auth plain login; }
    server { protocol pop3; listen 110; listen 995 ssl; starttls only; pop3_auth plain; }
    server { protocol smtp; listen 587; listen 465 ssl; starttls only; smtp_auth plain login; proxy_smtp_auth on; }
}`
}
