import { Flex, Typography } from 'antd'
import type { ReactNode } from 'react'

interface Props {
  title: string
  hint?: string
  extra?: ReactNode
  children: ReactNode
}

export function Section({ title, hint, extra, children }: Props) {
  return (
    <section aria-label={title}>
      <Flex wrap justify="space-between" align="center" gap={8} style={{ marginBottom: 8 }}>
        <div>
          <Typography.Title level={2} style={{ fontSize: 16, margin: 0 }}>
            {title}
          </Typography.Title>
          {hint && <Typography.Text type="secondary">{hint}</Typography.Text>}
        </div>
        <Flex gap={8}>{extra}</Flex>
      </Flex>
      {children}
    </section>
  )
}
