/** What the operation log is asked. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ask } from '../../api/ask.ts'
import type { Answer, Query } from '../../api/types.ts'
import { readTime } from '../../ui/time-range.tsx'

export const defaults = {
  actor: '',
  action: '',
  target: '',
  result: '',
  text: '',
  since: '',
  until: '',
  after: '',
  limit: '50',
}

export type View = typeof defaults
export type Operation = Answer<'GET /api/operation-log'>['items'][number]
export type Change = (changes: Partial<View>) => void

export const { after: _, limit: __, ...noFilter } = defaults

export const isFiltered = (view: View): boolean =>
  (Object.keys(noFilter) as (keyof typeof noFilter)[]).some(name => view[name] !== '')

type Filter = Omit<Query<'GET /api/operation-log'>, 'after' | 'limit'>

export function filterOf({ since, until, after: _, limit: __, ...texts }: View): Filter {
  return { ...(texts as Filter), since: readTime(since), until: readTime(until) }
}

export function useOperations(view: View) {
  return useQuery({
    queryKey: ['operation-log', view],
    queryFn: ({ signal }) =>
      ask('GET /api/operation-log', {
        query: { ...filterOf(view), after: view.after || undefined, limit: Number(view.limit) },
        signal,
      }),
    placeholderData: keepPreviousData,
  })
}
