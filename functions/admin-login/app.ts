/** Signing in, staying signed in, and what an administrator does with the own account. */
import { z } from 'zod'
import { roles } from '../../lib/admin/roles.ts'
import type { ApiServices } from '../../lib/http/api.ts'
import { operationsOf } from '../../lib/http/operation.ts'

const operation = operationsOf<ApiServices>()

const profile = z.strictObject({
  username: z.string(),
  role: z.enum(roles),
  must_change_password: z.boolean(),
})

export const adminLogin = [
  operation({
    route: 'GET /api/session',
    role: 'auditor',
    summary: 'Who is signed in.',
    answer: profile,
    beforePasswordChange: true,
    handle: ({ session: { username, role, must_change_password } }) => ({
      username,
      role,
      must_change_password,
    }),
  }),
]
