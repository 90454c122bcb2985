/** A new secret for one-time codes, shown this once: as a QR code, as text, and the code that proves it arrived. */
import { Alert, Button, Flex, Form, Input, Modal, Typography } from 'antd'
import { useState } from 'react'
import { useTexts } from '../app/language.ts'
import { enrolmentTexts } from './enrolment-texts.ts'
import { placeErrors } from './place-errors.ts'
import { ProblemNote } from './problem.tsx'

export interface Secret {
  otpauth: string
  qr_png: string
}

interface Props {
  secret: Secret
  /** Whose codes they are. */
  name: string
  /** Absent = the secret is in force already. */
  onConfirm?(code: string): Promise<unknown>
  /** For those who cannot ask the owner for a code. */
  onVouch?(): Promise<unknown>
  onClose(): void
}

export function Enrolment({ secret, name, onConfirm, onVouch, onClose }: Props) {
  const t = useTexts(enrolmentTexts)
  const key = new URL(secret.otpauth).searchParams.get('secret') ?? ''
  return (
    <Modal open title={t.title(name)} onCancel={onClose} footer={null} mask={{ closable: false }} width={440}>
      <Flex vertical gap={16}>
        <Alert type="warning" showIcon title={t.once} />
        <Typography.Text>{t.scan}</Typography.Text>
        <img
          src={secret.qr_png}
          alt={t.qr}
          width={220}
          height={220}
          style={{ alignSelf: 'center', background: '#fff', padding: 8, borderRadius: 8 }}
        />
        <div>
          <Typography.Text type="secondary">{t.byHand}</Typography.Text>
          <Typography.Paragraph copyable={{ text: key }} style={{ margin: 0, wordBreak: 'break-all' }}>
            <code>{key.replaceAll(/.{4}(?=.)/g, '$& ')}</code>
          </Typography.Paragraph>
        </div>
        {onConfirm ? (
          <Confirmation onConfirm={onConfirm} onVouch={onVouch} />
        ) : (
          <Button type="primary" onClick={onClose}>
            {t.close}
          </Button>
        )}
      </Flex>
    </Modal>
  )
}

function Confirmation({ onConfirm, onVouch }: Required<Pick<Props, 'onConfirm'>> & Pick<Props, 'onVouch'>) {
  const t = useTexts(enrolmentTexts)
  const [form] = Form.useForm<{ code: string }>()
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const attempt = async (act: () => Promise<unknown>) => {
    setPending(true)
    try {
      setError(null)
      await act()
    } catch (error) {
      setError(placeErrors(form, error, { code: t.wrongCode }))
      setPending(false)
    }
  }
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={({ code }) => void attempt(() => onConfirm(code))}
    >
      <Form.Item
        name="code"
        label={t.code}
        rules={[{ pattern: /^\d{6}$/, required: true, message: t.digits }]}
      >
        <Input autoFocus inputMode="numeric" autoComplete="one-time-code" maxLength={6} size="large" />
      </Form.Item>
      {error !== null && <ProblemNote error={error} />}
      <Flex wrap gap={8} style={{ marginTop: 12 }}>
        <Button type="primary" htmlType="submit" loading={pending}>
          {t.confirm}
        </Button>
        {onVouch && (
          <Button disabled={pending} onClick={() => void attempt(onVouch)} title={t.vouchHint}>
            {t.vouch}
          </Button>
        )}
      </Flex>
    </Form>
  )
}
