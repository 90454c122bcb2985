import { CheckCircleOutlined, CloseCircleOutlined } from '@ant-design/icons'
import { Tag } from 'antd'
import { useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'

export function ResultTag({ result }: { result: 'success' | 'failed' }) {
  const t = useTexts(uiTexts)
  return result === 'success' ? (
    <Tag color="success" icon={<CheckCircleOutlined />}>
      {t.success}
    </Tag>
  ) : (
    <Tag color="error" icon={<CloseCircleOutlined />}>
      {t.failed}
    </Tag>
  )
}
