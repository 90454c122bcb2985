/** A file of mailboxes: tried first, so that one sees what it would do, then imported. */
import { InboxOutlined } from '@ant-design/icons'
import { Alert, Button, Flex, Form, Grid, Modal, Segmented, Typography, Upload } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { ImportReport } from './import-report.tsx'
import { importTexts } from './import-texts.ts'

interface Order {
  file: { name: string; format: 'csv' | 'ndjson'; content: string }
  existing: 'skip' | 'change'
  mode: 'skip' | 'all_or_nothing'
}

const mostBytes = 4_000_000

export function Import({ onClose }: { onClose(): void }) {
  const t = useTexts(importTexts)
  const ui = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  const [order, setOrder] = useState<Order | null>(null)
  const [tooLarge, setTooLarge] = useState(false)
  const send = useAct(
    ({ file: { format, content }, ...rest }: Order & { dry_run: boolean }) =>
      ask('POST /api/users/import', { body: { format, content, ...rest } }),
    // What went wrong stands in the dialogue.
    { touches: 'users', onError: () => {} },
  )
  const { mutate, data: report, error, isPending, reset } = send
  const look = (order: Order) => {
    setOrder(order)
    mutate({ ...order, dry_run: true })
  }
  const choose = async (chosen: File) => {
    setTooLarge(chosen.size > mostBytes)
    if (chosen.size > mostBytes) return
    const format = /\.(ndjson|jsonl|json)$/i.test(chosen.name) ? 'ndjson' : 'csv'
    const file = { name: chosen.name, format, content: await chosen.text() } as const
    look({ file, existing: 'skip', mode: 'skip' })
  }
  const useful = report?.dry_run ? report.added + report.changed : 0
  const stops = order?.mode === 'all_or_nothing' && report !== undefined && report.failed > 0
  const finished = report !== undefined && !report.dry_run
  return (
    <Modal
      open
      title={t.title}
      width={680}
      onCancel={onClose}
      mask={{ closable: false }}
      footer={[
        order && (
          <Button
            key="other"
            disabled={isPending}
            onClick={() => {
              reset()
              setOrder(null)
            }}
          >
            {t.other}
          </Button>
        ),
        <Button key="close" onClick={onClose}>
          {finished ? ui.close : ui.cancel}
        </Button>,
        order && !finished && (
          <Button
            key="run"
            type="primary"
            loading={isPending}
            disabled={useful === 0 || stops}
            onClick={() => mutate({ ...order, dry_run: false })}
          >
            {t.run(useful.toLocaleString(locale))}
          </Button>
        ),
      ]}
    >
      <Flex vertical gap={16}>
        {order === null ? (
          <>
            <Upload.Dragger
              accept=".csv,.txt,.ndjson,.jsonl,.json"
              showUploadList={false}
              beforeUpload={chosen => {
                void choose(chosen)
                return false
              }}
            >
              <InboxOutlined style={{ fontSize: 32 }} />
              <div>{t.choose}</div>
              <Typography.Text type="secondary">{t.chooseHint}</Typography.Text>
            </Upload.Dragger>
            {tooLarge && <Alert type="error" showIcon role="alert" title={t.tooLarge} />}
            <Typography.Text type="secondary">
              {t.columns} {t.limits}
            </Typography.Text>
          </>
        ) : (
          <>
            <Typography.Text strong>{order.file.name}</Typography.Text>
            {!finished && (
              <Form layout="vertical" disabled={isPending}>
                <Form.Item label={t.existing} style={{ marginBottom: 12 }}>
                  <Choices
                    value={order.existing}
                    names={t.existingOptions}
                    onChange={existing => look({ ...order, existing })}
                  />
                </Form.Item>
                <Form.Item label={t.mode} style={{ marginBottom: 0 }}>
                  <Choices
                    value={order.mode}
                    names={t.modeOptions}
                    onChange={mode => look({ ...order, mode })}
                  />
                </Form.Item>
              </Form>
            )}
            {error && <ProblemNote error={error} />}
            {report && <ImportReport report={report} />}
          </>
        )}
      </Flex>
    </Modal>
  )
}

interface ChoicesProps<T extends string> {
  value: T
  names: Record<NoInfer<T>, string>
  onChange(value: NoInfer<T>): void
}

function Choices<T extends string>({ value, names, onChange }: ChoicesProps<T>) {
  const options = Object.entries<string>(names).map(([value, label]) => ({ value: value as T, label }))
  const wide = Grid.useBreakpoint().sm ?? true
  return <Segmented<T> vertical={!wide} value={value} options={options} onChange={onChange} />
}
