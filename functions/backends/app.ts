/** The mail servers that logins are sent to. */
import { z } from 'zod'
import { showBackend } from '../../lib/backend/find.ts'
import { backendChangesSchema, newBackendSchema } from '../../lib/backend/input.ts'
import {
  addBackend,
  drainBackend,
  removalSchema,
  removeBackend,
  setBackend,
} from '../../lib/backend/manage.ts'
import { checkBackend } from '../../lib/backend/probe.ts'
import { historyQuery, historySchema, readHistory } from '../../lib/backend/read-history.ts'
import { backendStatusSchema, probeSchema, savedSchema } from '../../lib/backend/shapes.ts'
import { readShare, shareQuery, shareSchema } from '../../lib/backend/share.ts'
import { operationsOf } from '../../lib/http/operation.ts'
import { previewQuery, previewRoute, previewSchema } from '../../lib/login/preview.ts'
import { allowAbsent } from '../../lib/refusal.ts'
import type { Services } from '../../lib/runtime/services.ts'

const operation = operationsOf<Services>()
const path = z.strictObject({ id: z.guid('must be an id') })

export const backends = [
  operation({
    route: 'GET /api/backends',
    role: 'auditor',
    summary: 'All backends, with the health of their addresses as it is known here.',
    answer: z.strictObject({ items: z.array(backendStatusSchema) }),
    handle: async ({ services }) => ({ items: await services.backends.look() }),
  }),
  operation({
    route: 'POST /api/backends',
    role: 'operator',
    summary: 'Adds a backend.',
    action: 'backend add',
    body: newBackendSchema,
    answer: savedSchema,
    status: 201,
    handle: ({ services, body }) => addBackend(services, body),
  }),
  operation({
    route: 'GET /api/backends/share',
    role: 'auditor',
    summary: 'Which part of the logins of the last hour or day each backend got.',
    query: shareQuery,
    answer: shareSchema,
    handle: ({ services, query }) => readShare(services, query),
  }),
  operation({
    route: 'POST /api/backends/preview',
    role: 'auditor',
    summary: 'Where a login would go now, and why; also of a mailbox that is still to be.',
    body: previewQuery,
    answer: previewSchema,
    handle: ({ services, body }) => previewRoute(services, body),
  }),
  operation({
    route: 'GET /api/backends/{id}',
    role: 'auditor',
    summary: 'One backend, with the health of its addresses.',
    path,
    answer: backendStatusSchema,
    handle: ({ services, path }) => showBackend(services, path.id),
  }),
  operation({
    route: 'PATCH /api/backends/{id}',
    role: 'operator',
    summary: 'Changes what is given; the protocol cannot be changed.',
    action: 'backend set',
    path,
    body: backendChangesSchema,
    answer: savedSchema,
    handle: ({ services, path, body }) => setBackend(services, path.id, body),
  }),
  operation({
    route: 'DELETE /api/backends/{id}',
    role: 'operator',
    summary: 'Removes a backend; the last active one for some logins only with force.',
    action: 'backend remove',
    path,
    query: removalSchema,
    handle: ({ services, path, query }) => allowAbsent(removeBackend(services, path.id, query)),
  }),
  operation({
    route: 'POST /api/backends/{id}/drain',
    role: 'operator',
    summary: 'Sends new logins elsewhere; open connections stay.',
    action: 'backend drain',
    path,
    answer: savedSchema,
    handle: ({ services, path }) => drainBackend(services, path.id),
  }),
  operation({
    route: 'POST /api/backends/{id}/check',
    role: 'operator',
    summary: 'Resolves its name and reads its greeting now.',
    action: 'backend check',
    path,
    answer: probeSchema,
    handle: async ({ services, path }) => {
      const backend = await showBackend(services, path.id)
      return checkBackend(backend, services.settings.backend, services.clock)
    },
  }),
  operation({
    route: 'GET /api/backends/{id}/history',
    role: 'auditor',
    summary: 'When its addresses went up and down, newest first; of the last 90 days.',
    path,
    query: historyQuery,
    answer: historySchema,
    handle: ({ services, path, query }) => readHistory(services, path.id, query),
  }),
]
