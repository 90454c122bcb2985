import { useNavigate } from '@tanstack/react-router'

const page: string = '/auth-log'

/** Leads to the auth log with these filters. */
export function useShowAttempts(): (filters: Record<string, string>) => void {
  const navigate = useNavigate()
  return filters => void navigate({ to: page, search: filters as never })
}
