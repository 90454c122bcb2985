/** A pasted list of bans: looked through first, then made. */
import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Checkbox, Drawer, Flex, Form, Input, Table } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { inWords } from '../../ui/server-words.ts'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { BanEnd, endOf, type TypedEnd } from './ban-end.tsx'
import { texts } from './texts.ts'

interface Typed extends TypedEnd {
  text: string
  reason: string
  skip: boolean
  force: boolean
}
type Result = Answer<'POST /api/bans/bulk'>

export function Bulk({ onClose }: { onClose(): void }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<Typed>()
  const [checked, setChecked] = useState<Result | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const onError = (error: unknown) => setProblem(placeErrors(form, error))
  const check = useMutation({
    mutationFn: (typed: Typed) => send(typed, true),
    onSuccess: setChecked,
    onError,
  })
  const ban = useAct((typed: Typed) => send(typed, false), {
    touches: 'bans',
    done: t.bulkDone(checked?.added ?? 0),
    onDone: onClose,
    onError,
  })
  const needed = { required: true, whitespace: true, message: ui.needed }
  return (
    <Drawer open onClose={onClose} size="min(640px, 100vw)" title={t.bulkTitle}>
      <Form<Typed>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ duration: 'month', skip: false, force: false }}
        onValuesChange={() => setChecked(null)}
        onFinish={typed => {
          setProblem(null)
          if (checked) ban.mutate(typed)
          else check.mutate(typed)
        }}
      >
        <Form.Item name="text" label={t.bulkText} extra={t.bulkHint} rules={[needed]}>
          <Input.TextArea autoFocus rows={10} style={{ fontFamily: 'monospace' }} />
        </Form.Item>
        <Form.Item name="reason" label={t.bulkReason} rules={[needed]}>
          <Input maxLength={1000} />
        </Form.Item>
        <BanEnd />
        <Form.Item name="skip" valuePropName="checked" noStyle>
          <Checkbox>{t.skip}</Checkbox>
        </Form.Item>
        <Form.Item name="force" valuePropName="checked" extra={t.forceHint} style={{ marginTop: 8 }}>
          <Checkbox>{t.force}</Checkbox>
        </Form.Item>
        <Flex vertical gap={12}>
          <ProblemNote error={problem} />
          {checked ? <Outcome result={checked} /> : <Alert type="info" title={t.checkFirst} />}
          {checked ? (
            <Button
              type="primary"
              danger
              htmlType="submit"
              loading={ban.isPending}
              disabled={checked.added === 0}
            >
              {t.banAll(checked.added)}
            </Button>
          ) : (
            <Button type="primary" htmlType="submit" loading={check.isPending}>
              {t.check}
            </Button>
          )}
        </Flex>
      </Form>
    </Drawer>
  )
}

function send({ text, reason, skip, force, ...end }: Typed, dry_run: boolean) {
  const on_error = skip ? 'skip' : 'refuse'
  return ask('POST /api/bans/bulk', { body: { text, reason, force, dry_run, on_error, ...endOf(end) } })
}

function Outcome({ result: { added, duplicates, errors } }: { result: Result }) {
  const t = useTexts(texts)
  return (
    <>
      <Alert
        type={errors.length > 0 ? 'warning' : 'success'}
        showIcon
        title={added === 0 ? t.noneWould : t.wouldBan(added)}
        description={
          <>
            {duplicates.length > 0 && <div>{t.duplicates(duplicates.length)}</div>}
            {errors.length > 0 && <div>{t.errors(errors.length)}</div>}
          </>
        }
      />
      {errors.length > 0 && (
        <Table
          size="small"
          rowKey="line"
          columns={[
            { title: t.line, dataIndex: 'line', width: 80 },
            { title: t.message, dataIndex: 'message', render: inWords },
          ]}
          dataSource={errors}
          pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        />
      )}
    </>
  )
}
