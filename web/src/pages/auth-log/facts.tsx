import { Descriptions, Typography } from 'antd'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { ResultTag } from '../../ui/result-tag.tsx'
import { Time } from '../../ui/time.tsx'
import { texts } from './texts.ts'
import type { Attempt } from './view.ts'

/** All that the row holds. */
export function Facts({ attempt }: { attempt: Attempt }) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const items = [
    { label: t.time, children: <Time at={attempt.time} exact /> },
    { label: t.result, children: <ResultTag result={attempt.result} /> },
    { label: t.user, children: <Text>{attempt.user}</Text> },
    { label: t.address, children: <Text>{attempt.client_address}</Text> },
    { label: t.network, children: <Text>{attempt.client_network}</Text> },
    { label: t.protocol, children: attempt.protocol.toUpperCase() || '–' },
    { label: t.method, children: attempt.method || '–' },
    { label: t.tls, children: attempt.tls || t.noTls },
    { label: t.backend, children: <Text>{attempt.backend ?? ''}</Text> },
    { label: t.took, children: t.ms(attempt.duration_ms.toLocaleString(locale)) },
    { label: t.number, children: attempt.attempt },
    { label: t.count, children: attempt.count.toLocaleString(locale) },
    { label: t.code, children: <Typography.Text code>{attempt.reason}</Typography.Text> },
    { label: t.node, children: attempt.node || '–' },
    { label: t.requestId, children: <Text>{attempt.request_id}</Text> },
  ]
  return (
    <Descriptions
      bordered
      size="small"
      column={1}
      items={items.map(item => ({ ...item, key: item.label }))}
    />
  )
}

const Text = ({ children }: { children: string }) =>
  children === '' ? '–' : <Typography.Text copyable>{children}</Typography.Text>
