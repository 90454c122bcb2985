/** A backend is added or changed. */
import { App, Form, Input, InputNumber, Select, type SelectProps } from 'antd'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { type Backend, placeOf } from './page.tsx'
import { texts } from './texts.ts'

type Typed = Pick<Backend, 'protocol' | 'host' | 'port' | 'weight' | 'tier' | 'state'> & {
  domain: string
  pool: string
}

const usualPorts = { imap: 143, pop3: 110, smtp: 587 } as const
const fresh = {
  protocol: 'imap',
  port: 143,
  weight: 1,
  tier: 0,
  domain: '',
  pool: '',
  state: 'active',
} as const

/** @param backend to change; null = a new one */
export function BackendForm({ backend, onClose }: { backend: Backend | null; onClose(): void }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const { message } = App.useApp()
  const needed = { required: true, message: ui.needed }
  const initial: Partial<Typed> = backend
    ? { ...backend, domain: backend.domain ?? '', pool: backend.pool ?? '' }
    : fresh
  return (
    <FormDialog
      title={backend ? t.editTitle(placeOf(backend)) : t.addTitle}
      initial={initial}
      send={(typed: Typed) => send(backend, typed)}
      touches="backends"
      onDone={({ warning }) => {
        if (warning === null) void message.success(t.saved)
        else void message.warning(warning, 8)
        onClose()
      }}
      onClose={onClose}
    >
      <Protocol disabled={backend !== null} options={options(t.protocols)} />
      <Form.Item name="host" label={t.host} extra={t.hostHint} rules={[needed]}>
        <Input autoFocus autoComplete="off" />
      </Form.Item>
      <Form.Item name="port" label={t.port} rules={[needed]}>
        <InputNumber min={1} max={65_535} precision={0} style={{ width: 160 }} />
      </Form.Item>
      <Form.Item name="weight" label={t.weight} extra={t.weightHint} rules={[needed]}>
        <InputNumber min={1} max={1_000} precision={0} style={{ width: 160 }} />
      </Form.Item>
      <Form.Item name="tier" label={t.tier} extra={t.tierHint} rules={[needed]}>
        <InputNumber min={0} max={9} precision={0} style={{ width: 160 }} />
      </Form.Item>
      <Form.Item name="domain" label={t.domain} extra={t.domainHint}>
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item name="pool" label={t.pool} extra={t.poolHint}>
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item noStyle shouldUpdate>
        {({ getFieldValue }) => (
          <Form.Item name="state" label={t.state} extra={t.stateHints[getFieldValue('state') as 'off']}>
            <Select options={options(t.states)} />
          </Form.Item>
        )}
      </Form.Item>
    </FormDialog>
  )
}

const options = <T extends string>(names: Record<T, string>) =>
  Object.entries(names).map(([value, label]) => ({ value, label: String(label) }))

function Protocol(props: Pick<SelectProps, 'disabled' | 'options'>) {
  const t = useTexts(texts)
  const form = Form.useFormInstance<Typed>()
  const fillPort = (protocol: Backend['protocol']) => {
    if (!form.isFieldTouched('port')) form.setFieldValue('port', usualPorts[protocol])
  }
  return (
    <Form.Item name="protocol" label={t.protocol} extra={t.protocolHint}>
      <Select {...props} onChange={fillPort} />
    </Form.Item>
  )
}

function send(backend: Backend | null, { protocol, domain, pool, ...typed }: Typed) {
  const body = { ...typed, domain: domain || null, pool: pool || null }
  if (backend === null) return ask('POST /api/backends', { body: { protocol, ...body } })
  const { id, version } = backend
  return ask('PATCH /api/backends/{id}', { path: { id }, body: { ...body, version } })
}
