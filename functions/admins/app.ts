/** Administrators: who may do what here. */
import { z } from 'zod'
import { adminSchema, withOneTimePassword } from '../../lib/admin/admin.ts'
import { endAnySessions, listSessionsOf } from '../../lib/admin/end.ts'
import {
  type AdminServices,
  addAdmin,
  adminChanges,
  adminPage,
  adminQuery,
  deleteAdmin,
  listAdmins,
  namedAdmin,
  newAdmin,
  resetAdminTotp,
  resetPassword,
  setAdmin,
  showAdmin,
  unlockAdmin,
} from '../../lib/admin/manage.ts'
import { sessionSchema } from '../../lib/admin/sessions.ts'
import type { ApiServices } from '../../lib/http/api.ts'
import { operationsOf } from '../../lib/http/operation.ts'

const operation = operationsOf<ApiServices & AdminServices>()
const path = namedAdmin

export const admins = [
  operation({
    route: 'GET /api/admins',
    role: 'auditor',
    summary: 'Administrators by name.',
    query: adminQuery,
    answer: adminPage,
    handle: ({ services, query }) => listAdmins(services, query),
  }),
  operation({
    route: 'POST /api/admins',
    role: 'superadmin',
    summary: 'Adds an administrator, with a password for the first sign-in that is shown this once.',
    action: 'admin add',
    body: newAdmin,
    answer: withOneTimePassword,
    status: 201,
    handle: ({ services, body }) => addAdmin(services, body),
  }),
  operation({
    route: 'GET /api/admins/{username}',
    role: 'auditor',
    summary: 'One administrator.',
    path,
    answer: adminSchema,
    handle: ({ services, path }) => showAdmin(services, path),
  }),
  operation({
    route: 'PATCH /api/admins/{username}',
    role: 'superadmin',
    summary: 'Changes the role, enables or disables; effective at the next request.',
    action: 'admin set',
    path,
    body: adminChanges,
    answer: adminSchema,
    handle: ({ services, path, body }) => setAdmin(services, path.username, body),
  }),
  operation({
    route: 'DELETE /api/admins/{username}',
    role: 'superadmin',
    summary: 'Deletes an administrator; the operation log stays.',
    action: 'admin delete',
    path,
    async handle({ services, path }) {
      await deleteAdmin(services, path)
    },
  }),
  operation({
    route: 'POST /api/admins/{username}/password',
    role: 'superadmin',
    summary: 'Another password for the next sign-in, shown this once; sessions end.',
    action: 'admin reset-password',
    path,
    answer: withOneTimePassword,
    handle: ({ services, path }) => resetPassword(services, path),
  }),
  operation({
    route: 'DELETE /api/admins/{username}/totp',
    role: 'superadmin',
    summary: 'No one-time codes any more, for a lost phone.',
    action: 'admin reset-totp',
    path,
    answer: adminSchema,
    handle: ({ services, path }) => resetAdminTotp(services, path),
  }),
  operation({
    route: 'POST /api/admins/{username}/unlock',
    role: 'superadmin',
    summary: 'Lifts what wrong passwords have led to.',
    action: 'admin unlock',
    path,
    answer: adminSchema,
    handle: ({ services, path }) => unlockAdmin(services, path),
  }),
  operation({
    route: 'GET /api/admins/{username}/sessions',
    role: 'superadmin',
    summary: 'Where the administrator is signed in.',
    path,
    answer: z.strictObject({ items: z.array(sessionSchema) }),
    handle: async ({ services, path }) => ({ items: await listSessionsOf(services, path) }),
  }),
  operation({
    route: 'DELETE /api/admins/{username}/sessions',
    role: 'superadmin',
    summary: 'Ends all sessions of the administrator.',
    action: 'session end',
    path,
    async handle({ services, path }) {
      await endAnySessions(services, path)
    },
  }),
]
