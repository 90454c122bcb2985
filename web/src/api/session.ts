/** Who is signed in. */
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { ask } from './ask.ts'
import { accessToken, renewToken } from './token.ts'
import type { Answer } from './types.ts'

export type Session = Answer<'GET /api/session'>
export type Role = Session['role']

/** null = nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    if (accessToken() === null && !(await renewToken())) return null
    return ask('GET /api/session')
  },
  staleTime: Number.POSITIVE_INFINITY,
})

/** Only for pages behind the sign-in. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (!data) throw new Error('nobody is signed in')
  return data
}

const roles: Role[] = ['superadmin', 'operator', 'auditor']

const mayActAs = (role: Role, needed: Role): boolean => roles.indexOf(role) <= roles.indexOf(needed)

/** Whether whoever is signed in may do what takes this role; the server decides it again. */
export function useMay(needed: Role): boolean {
  return mayActAs(useSession().role, needed)
}

/** All that was read belongs to the one who was signed in. */
export function forgetSession(client: QueryClient): void {
  client.clear()
  client.setQueryData(sessionQuery.queryKey, null)
}
