/** Whether logins can be decided, what that needs, and how nginx is told. */
import { Card, Flex } from 'antd'
import { useTexts } from '../../app/language.ts'
import { NginxLines } from '../../ui/nginx-lines.tsx'
import { Facts } from './facts.tsx'
import { Readiness } from './readiness.tsx'
import { texts } from './texts.ts'

export default function Page() {
  const t = useTexts(texts)
  return (
    <Flex vertical gap={16} style={{ maxWidth: 960 }}>
      <Readiness />
      <Facts />
      <Card size="small" title={t.lines}>
        <NginxLines />
      </Card>
    </Flex>
  )
}
