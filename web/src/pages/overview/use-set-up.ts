import { useQuery } from '@tanstack/react-query'
import { ask } from '../../api/ask.ts'
import { isQuiet, type Overview } from './overview.ts'

export interface SetUp {
  hasBackend: boolean
  hasMailbox: boolean
  hasAttempt: boolean
}

const everyMs = 5_000

/** @returns null = all is set up; undefined = not known yet */
export function useSetUp(overview: Overview | undefined): SetUp | null | undefined {
  const quiet = overview !== undefined && isQuiet(overview)
  const { data, isError } = useQuery({
    queryKey: ['set-up'],
    enabled: quiet,
    queryFn: async ({ signal }): Promise<SetUp> => {
      const [backends, mailboxes, attempts] = await Promise.all([
        ask('GET /api/backends', { signal }),
        ask('GET /api/users', { query: { limit: 1 }, signal }),
        ask('GET /api/auth-log', { query: { limit: 1 }, signal }),
      ])
      return {
        hasBackend: backends.items.length > 0,
        hasMailbox: mailboxes.items.length > 0,
        hasAttempt: attempts.items.length > 0,
      }
    },
    // The steps are ticked off while one looks.
    refetchInterval: ({ state }) => (state.data?.hasAttempt ? false : everyMs),
  })
  if (!overview) return undefined
  if (!quiet || (isError && !data)) return null
  if (!data) return undefined
  return Object.values(data).every(Boolean) ? null : data
}
