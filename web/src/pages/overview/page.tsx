/** Whether all is well: today against yesterday, and what is going on now. */
import { Col, Flex, Row, Skeleton } from 'antd'
import { lazy, Suspense } from 'react'
import { ProblemNote } from '../../ui/problem.tsx'
import { Breakdown } from './breakdown.tsx'
import { Figures } from './figures.tsx'
import { LiveLine } from './live-line.tsx'
import { Logins } from './logins.tsx'
import { useOverview } from './overview.ts'
import { ResponseTimes } from './response-times.tsx'
import { useSetUp } from './use-set-up.ts'

/** Tables are the heaviest part of the page, and stand at its end; the first steps are seen once. */
const Tables = lazy(() => import('./tables.tsx'))
const FirstSteps = lazy(() => import('./first-steps.tsx'))

export default function OverviewPage() {
  const { data, error, refetch } = useOverview()
  const setUp = useSetUp(data)
  if (!data || setUp === undefined)
    return error ? (
      <ProblemNote error={error} onRetry={() => void refetch()} />
    ) : (
      <Skeleton active paragraph={{ rows: 12 }} />
    )
  if (setUp !== null)
    return (
      <Suspense fallback={<Skeleton active paragraph={{ rows: 12 }} />}>
        <FirstSteps {...setUp} />
      </Suspense>
    )
  return (
    <Flex vertical gap={16}>
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      <LiveLine />
      <Figures overview={data} />
      <Row gutter={[16, 16]}>
        <Col xs={24} xl={12}>
          <Logins />
        </Col>
        <Col xs={24} xl={12}>
          <ResponseTimes overview={data} />
        </Col>
        <Col xs={24} lg={12} xl={8}>
          <Breakdown overview={data} by="protocol" />
        </Col>
        <Col xs={24} lg={12} xl={16}>
          <Breakdown overview={data} by="reason" />
        </Col>
      </Row>
      <Suspense fallback={<Skeleton active paragraph={{ rows: 6 }} />}>
        <Tables overview={data} />
      </Suspense>
    </Flex>
  )
}
