import { Form, Input, Radio, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { uiTexts } from '../../ui/texts.ts'
import type { Exception } from './exceptions.tsx'
import { texts } from './texts.ts'

type Typed = Pick<Exception, 'kind' | 'cidr' | 'note'>

const kinds = ['allow', 'shared'] as const

/** @param exception whose note is to be changed; null = a new one */
export function ExceptionForm({ exception, onClose }: { exception: Exception | null; onClose(): void }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  return (
    <FormDialog
      title={exception ? t.editException(exception.cidr) : t.addException}
      initial={{ kind: 'allow', note: exception?.note ?? '' }}
      send={(typed: Typed) => send(exception, typed)}
      touches="exceptions"
      done={t.exceptionSaved}
      onDone={onClose}
      onClose={onClose}
    >
      {exception === null && (
        <>
          <Form.Item
            name="cidr"
            label={t.cidr}
            extra={t.cidrHint}
            rules={[{ required: true, whitespace: true, message: ui.needed }]}
          >
            <Input autoFocus autoComplete="off" />
          </Form.Item>
          <Form.Item name="kind" label={t.kind}>
            <Radio.Group vertical options={kinds.map(value => ({ value, label: <Kind kind={value} /> }))} />
          </Form.Item>
        </>
      )}
      <Form.Item name="note" label={t.note}>
        <Input maxLength={1000} />
      </Form.Item>
    </FormDialog>
  )
}

function Kind({ kind }: Pick<Exception, 'kind'>) {
  const t = useTexts(texts)
  return (
    <>
      {t.kinds[kind]} <Typography.Text type="secondary">– {t.kindHints[kind]}</Typography.Text>
    </>
  )
}

function send(exception: Exception | null, { kind, cidr, note }: Typed) {
  if (exception === null) return ask('POST /api/exceptions', { body: { kind, cidr, note } })
  const { id, version } = exception
  return ask('PATCH /api/exceptions/{id}', { path: { id }, body: { note, version } })
}
