/** What a file did, or would do. */
import { Alert, Flex, Statistic, Table } from 'antd'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { useScrolledByKeys } from '../../ui/scrolled-by-keys.ts'
import { inWords } from '../../ui/server-words.ts'
import { importTexts } from './import-texts.ts'

type Report = Answer<'POST /api/users/import'>

export function ImportReport({ report }: { report: Report }) {
  const t = useTexts(importTexts)
  const outcome = report.dry_run
    ? ({ type: 'info', title: t.tried } as const)
    : report.done
      ? ({ type: 'success', title: t.done } as const)
      : ({ type: 'error', title: t.nothing } as const)
  const place = useScrolledByKeys()
  return (
    <Flex vertical gap={16} aria-live="polite">
      <Alert showIcon {...outcome} />
      <Flex wrap gap={24}>
        {(['rows', 'added', 'changed', 'skipped', 'failed'] as const).map(name => (
          <Statistic key={name} title={t[name]} value={report[name]} />
        ))}
      </Flex>
      {report.errors.length > 0 && (
        <Table
          ref={place}
          size="small"
          pagination={false}
          scroll={{ y: 240, x: 'max-content' }}
          rowKey={({ line, field, message }) => `${line} ${field} ${message}`}
          dataSource={report.errors}
          columns={[
            { key: 'line', title: t.line, dataIndex: 'line', width: 72 },
            { key: 'field', title: t.field, dataIndex: 'field', width: 130 },
            { key: 'message', title: t.fault, dataIndex: 'message', render: inWords },
          ]}
        />
      )}
    </Flex>
  )
}
