/** What the list shows: the filters as the address bar and the API have them. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ask } from '../../api/ask.ts'
import type { Query } from '../../api/types.ts'

export const defaults = {
  search: '',
  enabled: '',
  locked: '',
  totp: '',
  domain: '',
  pool: '',
  sort: 'name',
  order: 'asc',
  after: '',
  limit: '50',
  /** The mailbox whose drawer is open. */
  name: '',
}

export type View = typeof defaults

type ListQuery = NonNullable<Query<'GET /api/users'>>

export const isFiltered = ({ search, enabled, locked, totp, domain, pool }: View): boolean =>
  [search, enabled, locked, totp, domain, pool].some(value => value !== '')

/** Without what is not set: an empty pool would mean those without one. */
export function filterOf({ search, enabled, totp, domain, pool }: View) {
  return {
    search,
    enabled: enabled === '' ? undefined : enabled === 'true',
    totp: totp === '' ? undefined : (totp as ListQuery['totp']),
    domain: domain || undefined,
    pool: pool || undefined,
  }
}

export function useMailboxes(view: View) {
  const { locked, sort, order, after, limit } = view
  const query: ListQuery = {
    ...filterOf(view),
    locked: locked === '' ? undefined : locked === 'true',
    sort: sort as ListQuery['sort'],
    order: order as ListQuery['order'],
    after,
    limit: Number(limit),
  }
  return useQuery({
    queryKey: ['users', query],
    queryFn: ({ signal }) => ask('GET /api/users', { query, signal }),
    placeholderData: keepPreviousData,
  })
}
