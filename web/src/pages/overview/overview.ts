/** What the overview asks. */
import { useQuery } from '@tanstack/react-query'
import { ask } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'
import { useView } from '../../ui/use-view.ts'

export type Overview = Answer<'GET /api/stats/overview'>
export type Series = Answer<'GET /api/stats/series'>

const everyMs = 30_000
/** Where nothing has come in yet, and somebody waits for it. */
const quietMs = 5_000

export const isQuiet = ({ today, yesterday }: Overview): boolean => today.total + yesterday.total === 0

const tz = Intl.DateTimeFormat().resolvedOptions().timeZone

export const useOverview = () =>
  useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => ask('GET /api/stats/overview', { query: { tz }, signal }),
    refetchInterval: ({ state }) => (state.data && isQuiet(state.data) ? quietMs : everyMs),
  })

const spans = {
  '24h': { ms: 86_400_000, step: 'hour' },
  '7d': { ms: 7 * 86_400_000, step: 'hour' },
  '30d': { ms: 30 * 86_400_000, step: 'day' },
} as const
export type Span = keyof typeof spans
export const spanNames = Object.keys(spans) as Span[]
const isSpan = (text: string): text is Span => Object.hasOwn(spans, text)

const defaults = { span: '24h', top: 'user' }

export const useOverviewView = () => useView(defaults)

/** Of the time that is shown. */
export function useSeries() {
  const { view } = useOverviewView()
  const span = isSpan(view.span) ? view.span : '24h'
  const query = useQuery({
    queryKey: ['series', span],
    queryFn: ({ signal }) => {
      const { ms, step } = spans[span]
      return ask('GET /api/stats/series', {
        query: { since: Date.now() - ms, step, tz, by: 'result' },
        signal,
      })
    },
    refetchInterval: everyMs,
  })
  return { span, ...query }
}
