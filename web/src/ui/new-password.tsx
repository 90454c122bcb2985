/** A field for a password that is set for somebody else, with one to be made. */
import { KeyOutlined } from '@ant-design/icons'
import { Button, Flex, Form, Input, Typography } from 'antd'
import { useState } from 'react'
import { useTexts } from '../app/language.ts'
import { newPasswordTexts } from './new-password-texts.ts'

const mostBytes = 72

/** Of the form's field `password`. */
export function NewPassword({ least }: { least: number }) {
  const t = useTexts(newPasswordTexts)
  const form = Form.useFormInstance()
  const [made, setMade] = useState('')
  const make = () => {
    const password = makePassword()
    setMade(password)
    form.setFields([{ name: 'password', value: password, errors: [] }])
  }
  const isMade = Form.useWatch('password', form) === made && made !== ''
  return (
    <Form.Item
      label={t.password}
      required
      extra={
        isMade ? (
          <Typography.Text copyable={{ text: made }}>
            {t.made} <code>{made}</code>
          </Typography.Text>
        ) : (
          t.rule(least)
        )
      }
    >
      <Flex gap={8}>
        <Form.Item name="password" noStyle rules={[fits(least, t.wrongLength)]}>
          <Input.Password aria-label={t.password} autoComplete="new-password" />
        </Form.Item>
        <Button icon={<KeyOutlined />} onClick={make}>
          {t.make}
        </Button>
      </Flex>
    </Form.Item>
  )
}

/** The gateway looks again, and knows the common ones. */
export const fits = (least: number, message: string) => ({
  validator: async (_rule: unknown, value: string | undefined) => {
    const text = (value ?? '').normalize('NFC')
    if ([...text].length < least || new TextEncoder().encode(text).length > mostBytes)
      throw new Error(message)
  },
})

/** No letter or digit that looks like another one; 79 random bits. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789'

function makePassword(): string {
  // Values that would make some letters likelier are passed over.
  const fair = 256 - (256 % letters.length)
  const chosen: string[] = []
  while (chosen.length < 16)
    for (const byte of crypto.getRandomValues(new Uint8Array(32)))
      if (byte < fair && chosen.length < 16) chosen.push(letters[byte % letters.length]!)
  return chosen.join('').replaceAll(/.{4}(?=.)/g, '$&-')
}
