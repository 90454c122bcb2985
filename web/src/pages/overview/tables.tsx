/** Who stands out, and what was changed. */
import { Col, Row } from 'antd'
import { Changes } from './changes.tsx'
import type { Overview } from './overview.ts'
import { Tops } from './tops.tsx'

export default function Tables({ overview }: { overview: Overview }) {
  return (
    <Row gutter={[16, 16]}>
      <Col xs={24} xl={16}>
        <Tops overview={overview} />
      </Col>
      <Col xs={24} xl={8}>
        <Changes since={overview.yesterday.since} />
      </Col>
    </Row>
  )
}
