/** A ban is made, or its reason or end changed. */
import { Checkbox, Form, Input } from 'antd'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { uiTexts } from '../../ui/texts.ts'
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
  const needed = { required: true, whitespace: true, message: ui.needed }
  return (
    <FormDialog
      title={ban ? t.changeTitle(ban.cidr) : t.addTitle}
      okText={ban ? ui.save : t.add}
      danger={ban === null}
      initial={{
        ...proposed,
        ...(ban && { reason: ban.reason }),
        duration: ban ? 'keep' : 'day',
        force: false,
      }}
      send={({ cidr, reason, force, ...end }: Typed) => send(ban, { cidr, reason, force }, end)}
      touches="bans"
      done={ban ? t.changed : t.banned}
      onDone={onClose}
      onClose={onClose}
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
    </FormDialog>
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
