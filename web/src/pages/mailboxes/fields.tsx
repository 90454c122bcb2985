/** What a new mailbox and one that is changed have in common. */
import { Checkbox, Form, Input } from 'antd'
import type { ComponentProps } from 'react'
import { useTexts } from '../../app/language.ts'
import { texts } from './texts.ts'

export const protocols = ['imap', 'pop3', 'smtp'] as const
export type Protocol = (typeof protocols)[number]

export interface Fields {
  owner: string
  protocols: Protocol[]
  /** '' = none. */
  pool: string
}

export function MailboxFields() {
  const t = useTexts(texts)
  return (
    <>
      <Form.Item name="owner" label={t.owner} rules={[{ max: 255 }]}>
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="protocols"
        label={t.protocols}
        rules={[{ required: true, type: 'array', min: 1, message: t.oneProtocol }]}
      >
        <Protocols />
      </Form.Item>
      <Form.Item
        name="pool"
        label={t.pool}
        extra={t.poolHint}
        rules={[{ pattern: /^[a-z0-9_.-]{1,64}$/, message: t.poolRule }]}
      >
        <Input autoComplete="off" />
      </Form.Item>
    </>
  )
}

/** The form would call it required to the ear, which a group of boxes cannot be. */
function Protocols({ 'aria-required': _, ...props }: ComponentProps<typeof Checkbox.Group<Protocol>>) {
  const options = protocols.map(value => ({ value, label: value.toUpperCase() }))
  return <Checkbox.Group<Protocol> {...props} options={options} />
}
