/** Field `ends_at` of a form. */
import { DatePicker, Form } from 'antd'
import { useTexts } from '../../app/language.ts'
import { texts } from './texts.ts'

export default function DateField() {
  const t = useTexts(texts)
  return (
    <Form.Item name="ends_at" label={t.until} rules={[{ required: true, message: t.untilNeeded }]}>
      <DatePicker showTime style={{ width: '100%' }} />
    </Form.Item>
  )
}
