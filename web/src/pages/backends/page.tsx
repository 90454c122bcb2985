/** The mail servers that logins are sent to: how they are, and what they get. */
import { PlusOutlined, ReloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Col, Empty, Flex, Row, Skeleton } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useView } from '../../ui/use-view.ts'
import { BackendCard } from './backend-card.tsx'
import { BackendForm } from './backend-form.tsx'
import { History } from './history.tsx'
import { Preview } from './preview.tsx'
import { Share } from './share.tsx'
import { texts } from './texts.ts'

export type Backend = Answer<'GET /api/backends/{id}'>

export const placeOf = ({ host, port }: { host: string; port: number }) =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** The view: of which backend the history is open, and the time that the chart is about. */
export const defaults = { history: '', span: 'hour' }

/** Health is looked at anew so often. */
const everyMs = 5_000

export default function Page() {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const mayChange = useMay('operator')
  const { view, change } = useView(defaults)
  const [form, setForm] = useState<Backend | 'new' | null>(null)
  const { data, error, isPending, isFetching, refetch } = useQuery({
    queryKey: ['backends'],
    queryFn: ({ signal }) => ask('GET /api/backends', { signal }),
    refetchInterval: everyMs,
  })
  const items = data?.items ?? []
  const adder = mayChange && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm('new')}>
      {t.add}
    </Button>
  )
  const inHistory = items.find(({ id }) => id === view.history)
  return (
    <Flex vertical gap={16}>
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      {isPending && (
        <Card>
          <Skeleton active />
        </Card>
      )}
      {data && items.length === 0 && (
        <Empty
          description={
            <>
              <strong>{t.none}</strong>
              <p>{t.noneHint}</p>
            </>
          }
        >
          {adder}
        </Empty>
      )}
      {items.length > 0 && (
        <Flex gap={8} justify="space-between">
          <span>{adder}</span>
          <Button
            icon={<ReloadOutlined spin={isFetching} />}
            aria-label={ui.refresh}
            onClick={() => void refetch()}
          />
        </Flex>
      )}
      <Row gutter={[16, 16]}>
        {items.map(backend => (
          <Col key={backend.id} xs={24} md={12} xxl={8}>
            <BackendCard
              backend={backend}
              onEdit={() => setForm(backend)}
              onHistory={() => change({ history: backend.id })}
            />
          </Col>
        ))}
      </Row>
      {items.length > 0 && (
        <Row gutter={[16, 16]}>
          <Col xs={24} lg={12}>
            <Share />
          </Col>
          <Col xs={24} lg={12}>
            <Preview />
          </Col>
        </Row>
      )}
      {form !== null && <BackendForm backend={form === 'new' ? null : form} onClose={() => setForm(null)} />}
      {inHistory && <History backend={inHistory} onClose={() => change({ history: '' })} />}
    </Flex>
  )
}
