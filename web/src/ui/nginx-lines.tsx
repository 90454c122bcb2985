/** What nginx has to be told, from the settings that are in force. */
import { Alert, Skeleton, Typography } from 'antd'
import { useTexts } from '../app/language.ts'
import { nginxConfig } from './nginx-config.ts'
import { nginxTexts } from './nginx-texts.ts'
import { ProblemNote } from './problem.tsx'
import { useValues } from './use-values.ts'

export function NginxLines() {
  const t = useTexts(nginxTexts)
  const { data, error, refetch, readValue, isSet } = useValues()
  if (error && !data) return <ProblemNote error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton active paragraph={{ rows: 3 }} title={false} />
  const hasSecret = isSet('auth_server.secret')
  const lines = nginxConfig({
    host: readValue('auth_server.host'),
    port: readValue('auth_server.port'),
    secret: hasSecret ? `<${t.secret}>` : null,
    certificate: `<${t.certificate}>`,
    key: `<${t.key}>`,
  })
  return (
    <>
      <Typography.Paragraph copyable={{ text: lines }}>{t.hint}</Typography.Paragraph>
      <Typography.Paragraph>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within the keyboard's reach */}
        <pre tabIndex={0} style={{ margin: 0, padding: 12, overflowX: 'auto', whiteSpace: 'pre' }}>
          {lines}
        </pre>
      </Typography.Paragraph>
      {hasSecret && <Alert type="info" showIcon title={t.secretHint} />}
    </>
  )
}
