import { CheckCircleOutlined, CloseCircleOutlined } from '@ant-design/icons'
import { Flex, theme } from 'antd'
import { useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'

/** Sign and word; the colour alone would not tell everybody. */
export function ResultTag({ result }: { result: 'success' | 'failed' }) {
  const t = useTexts(uiTexts)
  const { token } = theme.useToken()
  const isGood = result === 'success'
  const Sign = isGood ? CheckCircleOutlined : CloseCircleOutlined
  return (
    <Flex gap={6} style={{ whiteSpace: 'nowrap' }}>
      <Sign style={{ color: isGood ? token.colorSuccess : token.colorError }} />
      {t[result]}
    </Flex>
  )
}
