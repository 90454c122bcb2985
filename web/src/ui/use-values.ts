import { useQuery } from '@tanstack/react-query'
import { ask } from '../api/ask.ts'

/** The settings in force, by key; undefined = not read yet. A secret is only known to be set. */
export function useValues() {
  const query = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => ask('GET /api/settings', { signal }),
  })
  const found = new Map(query.data?.map(setting => [setting.key, setting]))
  return {
    ...query,
    readValue: (key: string) => found.get(key)?.value ?? '',
    isSet: (key: string) => found.get(key)?.is_set ?? false,
  }
}
