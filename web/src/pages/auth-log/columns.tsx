import { Button, type TableProps, Typography } from 'antd'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Narrow } from '../../ui/narrow.tsx'
import { useReasonText } from '../../ui/reasons.ts'
import { ResultTag } from '../../ui/result-tag.tsx'
import { Time } from '../../ui/time.tsx'
import { texts } from './texts.ts'
import type { Attempt, Change } from './view.ts'

/** What is clicked narrows the view to it; the reason opens the explanation. */
export function useColumns(
  show: (id: string) => void,
  change: Change,
): NonNullable<TableProps<Attempt>['columns']> {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const reasonText = useReasonText()
  return [
    { key: 'time', title: t.time, dataIndex: 'time', render: (time: number) => <Time at={time} exact /> },
    {
      key: 'result',
      title: t.result,
      dataIndex: 'result',
      render: (result: Attempt['result']) => <ResultTag result={result} />,
    },
    {
      key: 'reason',
      title: t.why,
      render: (_, { request_id, reason, count }) => (
        <>
          <Button type="link" style={linkStyle} onClick={() => show(request_id)}>
            {reasonText(reason)}
          </Button>
          {count > 1 && (
            <Typography.Text type="secondary"> {t.times(count.toLocaleString(locale))}</Typography.Text>
          )}
        </>
      ),
    },
    {
      key: 'user',
      title: t.user,
      dataIndex: 'user',
      render: (user: string) => <Narrow value={user} onClick={() => change({ user })} />,
    },
    {
      key: 'address',
      title: t.address,
      dataIndex: 'client_address',
      render: (address: string) => <Narrow value={address} onClick={() => change({ address })} />,
    },
    {
      key: 'protocol',
      title: t.protocol,
      render: (_, { protocol, tls }) => (
        <>
          {protocol.toUpperCase() || '–'} <Typography.Text type="secondary">{tls}</Typography.Text>
        </>
      ),
    },
    {
      key: 'backend',
      title: t.backend,
      dataIndex: 'backend',
      render: (backend: string | null) =>
        backend === null ? '–' : <Narrow value={backend} onClick={() => change({ backend })} />,
    },
    {
      key: 'duration',
      title: t.took,
      dataIndex: 'duration_ms',
      align: 'end',
      render: (ms: number) => t.ms(ms.toLocaleString(locale)),
    },
  ]
}

const linkStyle = {
  height: 'auto',
  maxWidth: 230,
  padding: 0,
  textAlign: 'start',
  whiteSpace: 'normal',
} as const
