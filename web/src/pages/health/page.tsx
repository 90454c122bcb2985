/** Whether logins can be decided, what that needs, and how nginx is told. */
import { Flex } from 'antd'
import { Facts } from './facts.tsx'
import { NginxLines } from './nginx-lines.tsx'
import { Readiness } from './readiness.tsx'

export default function Page() {
  return (
    <Flex vertical gap={16} style={{ maxWidth: 960 }}>
      <Readiness />
      <Facts />
      <NginxLines />
    </Flex>
  )
}
