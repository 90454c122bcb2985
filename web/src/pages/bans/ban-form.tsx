/** A ban is made, or its reason or end changed. */
import { Checkbox, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { BanEnd, endOf, type TypedEnd } from './ban-end.tsx'
import type { Ban } from './bans.tsx'
import { texts } from './texts.ts'

interface Typed extends TypedEnd {
  cidr: string
  reason: string
  force: boolean
}

interface Props {
  /** To change; null = a new one. */
  ban: Ban | null
  /** What a new one is filled in with. */
  proposed?: { cidr: string; reason: string }
  onClose(): void
}

export function BanForm({ ban, proposed, onClose }: Props) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<Typed>()
  const [problem, setProblem] = useState<unknown>(null)
  const save = useAct(({ cidr, reason, force, ...end }: Typed) => send(ban, { cidr, reason, force }, end), {
    done: ban ? t.changed : t.banned,
    touches: 'bans',
    onDone: onClose,
    onError: error => setProblem(placeErrors(form, error)),
  })
  const needed = { required: true, whitespace: true, message: ui.needed }
  return (
    <Modal
      open
      title={ban ? t.changeTitle(ban.cidr) : t.addTitle}
      okText={ban ? ui.save : t.add}
      cancelText={ui.cancel}
      okButtonProps={{ danger: ban === null, loading: save.isPending }}
      onOk={form.submit}
      onCancel={onClose}
    >
      <Form<Typed>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          ...proposed,
          ...(ban && { reason: ban.reason }),
          duration: ban ? 'keep' : 'day',
          force: false,
        }}
        onFinish={typed => {
          setProblem(null)
          save.mutate(typed)
        }}
      >
        {ban === null && (
          <Form.Item name="cidr" label={t.cidr} extra={t.cidrHint} rules={[needed]}>
            <Input autoFocus autoComplete="off" />
          </Form.Item>
        )}
        <Form.Item name="reason" label={t.reason} rules={[needed]}>
          <Input maxLength={1000} />
        </Form.Item>
        <BanEnd keep={ban !== null} />
        {ban === null && (
          <Form.Item name="force" valuePropName="checked" extra={t.forceHint}>
            <Checkbox>{t.force}</Checkbox>
          </Form.Item>
        )}
        <ProblemNote error={problem} />
      </Form>
    </Modal>
  )
}

function send(
  ban: Ban | null,
  { cidr, reason, force }: Pick<Typed, 'cidr' | 'reason' | 'force'>,
  end: TypedEnd,
) {
  if (ban === null) return ask('POST /api/bans', { body: { cidr, reason, force, ...endOf(end) } })
  const { id, version } = ban
  return ask('PATCH /api/bans/{id}', { path: { id }, body: { reason, version, ...endOf(end) } })
}
