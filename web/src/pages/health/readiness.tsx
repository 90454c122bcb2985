import { useQuery } from '@tanstack/react-query'
import { Alert, Badge, Card, Descriptions, Flex, Skeleton, Typography } from 'antd'
import { useTexts } from '../../app/language.ts'
import { hostInUrl } from '../../ui/nginx-config.ts'
import { useValues } from '../../ui/use-values.ts'
import { texts } from './texts.ts'

/** Of infra/adapter/readiness.ts: for monitoring, so it is no operation of the API. */
interface Answer {
  status: 'ready' | 'not ready'
  database: string
  hotState: string
  reason?: string
}

const everyMs = 5_000

/** "Not ready" is an answer too: 503, with the same parts. */
async function readReadiness(signal: AbortSignal): Promise<Answer> {
  const response = await fetch('/readyz', { signal })
  return (await response.json()) as Answer
}

export function Readiness() {
  const t = useTexts(texts)
  const { data, error, isPending } = useQuery({
    queryKey: ['readiness'],
    queryFn: ({ signal }) => readReadiness(signal),
    refetchInterval: everyMs,
  })
  const kinds = useKinds()
  const isReady = data?.status === 'ready'
  return (
    <Card
      size="small"
      title={t.parts}
      extra={<Typography.Text type="secondary">{t.lookedAt}</Typography.Text>}
    >
      {isPending && <Skeleton active paragraph={{ rows: 3 }} />}
      {error ? (
        <Alert type="error" showIcon title={t.away} />
      ) : (
        data && (
          <Flex vertical gap={12}>
            <Alert
              type={isReady ? 'success' : 'error'}
              showIcon
              title={isReady ? t.ready : t.notReady}
              description={data.reason}
            />
            <Descriptions
              size="small"
              column={1}
              items={[
                {
                  key: 'database',
                  label: t.database,
                  children: <Part says={data.database} kind={kinds.database} />,
                },
                {
                  key: 'hot',
                  label: t.hotState,
                  children: <Part says={data.hotState} kind={kinds.hotState} />,
                },
              ]}
            />
          </Flex>
        )
      )}
    </Card>
  )
}

function Part({ says, kind }: { says: string; kind: string }) {
  const t = useTexts(texts)
  const isWell = says === 'it answers'
  return (
    <div>
      <div>{kind}</div>
      <Badge status={isWell ? 'success' : 'warning'} text={isWell ? t.answers : says} />
    </div>
  )
}

function useKinds() {
  const { kinds } = useTexts(texts)
  const { data, readValue } = useValues()
  const place = (section: string) =>
    `${hostInUrl(readValue(`${section}.host`))}:${readValue(`${section}.port`)}`
  if (!data) return { database: '', hotState: '' }
  return {
    database: readValue('database.host') === '' ? kinds.sqlite : kinds.mysql(place('database')),
    hotState:
      readValue('redis.sentinels') !== ''
        ? kinds.sentinel
        : readValue('redis.host') === ''
          ? kinds.memory
          : kinds.redis(place('redis')),
  }
}
