/** When the addresses of a backend went up and down. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Drawer, Empty, Flex, Skeleton, Timeline, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { inWords } from '../../ui/server-words.ts'
import { Time } from '../../ui/time.tsx'
import { type Backend, placeOf } from './page.tsx'
import { texts } from './texts.ts'

export function History({ backend, onClose }: { backend: Backend; onClose(): void }) {
  const t = useTexts(texts)
  const { id } = backend
  const query = useInfiniteQuery({
    queryKey: ['backends', 'history', id],
    queryFn: ({ pageParam: after, signal }) =>
      ask('GET /api/backends/{id}/history', {
        path: { id },
        query: { limit: 50, ...(after !== null && { after }) },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  })
  const changes = query.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <Drawer open onClose={onClose} size="min(560px, 100vw)" title={t.historyOf(placeOf(backend))}>
      <Flex vertical gap={16}>
        {query.error && <ProblemNote error={query.error} onRetry={() => void query.refetch()} />}
        {query.isPending && <Skeleton active />}
        {query.data && changes.length === 0 && <Empty description={t.noHistory} />}
        <Timeline
          items={changes.map(({ address, time, up, error, node }) => ({
            key: `${time} ${address}`,
            color: up ? 'green' : 'red',
            content: (
              <>
                <div>
                  <strong>{address}</strong> {up ? t.wentUp : t.wentDown} <Time at={time} exact />
                </div>
                {error !== null && <Typography.Text type="danger">{inWords(error)}</Typography.Text>}
                <Typography.Text type="secondary" style={{ display: 'block' }}>
                  {t.seenBy} {node}
                </Typography.Text>
              </>
            ),
          }))}
        />
        {query.hasNextPage && (
          <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t.more}
          </Button>
        )}
      </Flex>
    </Drawer>
  )
}
