/** What the auth log is asked. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ask } from '../../api/ask.ts'
import type { Answer, Query } from '../../api/types.ts'
import { readTime } from '../../ui/time-range.tsx'

export const defaults = {
  user: '',
  address: '',
  result: '',
  protocol: '',
  /** Codes with commas between them. */
  reason: '',
  method: '',
  backend: '',
  text: '',
  since: '',
  until: '',
  /** The one that is explained. */
  attempt: '',
  after: '',
  limit: '50',
}

export type View = typeof defaults
export type Attempt = Answer<'GET /api/auth-log'>['items'][number]
export type Change = (changes: Partial<View>) => void

const { attempt: _, after: __, limit: ___, ...noFilter } = defaults

export { noFilter }

const filterNames = Object.keys(noFilter) as (keyof typeof noFilter)[]

export const isFiltered = (view: View): boolean => filterNames.some(name => view[name] !== '')

/** The texts of the address, as they are: spans that end now are reckoned when it is asked. */
export const filterKey = (view: View): string[] => filterNames.map(name => view[name])

type Filter = Omit<Query<'GET /api/auth-log'>, 'after' | 'limit'>

export function filterOf({
  since,
  until,
  reason,
  attempt: _,
  after: __,
  limit: ___,
  ...texts
}: View): Filter {
  const times = { since: readTime(since), until: readTime(until) }
  return { ...(texts as Filter), ...times, reason: reason === '' ? undefined : reason.split(',') }
}

export function useAttempts(view: View) {
  return useQuery({
    queryKey: ['auth-log', ...filterKey(view), view.after, view.limit],
    queryFn: ({ signal }) =>
      ask('GET /api/auth-log', {
        query: { ...filterOf(view), after: view.after || undefined, limit: Number(view.limit) },
        signal,
      }),
    placeholderData: keepPreviousData,
  })
}
