/** Addresses that may not log in, and those that automatic bans spare. */
import { z } from 'zod'
import { addBans, bulkResultSchema, bulkSchema, longestBulk } from '../../lib/ban/bulk.ts'
import {
  addException,
  exceptionChangesSchema,
  exceptionPageSchema,
  exceptionQuery,
  listExceptions,
  newExceptionSchema,
  removeException,
  setException,
  showException,
} from '../../lib/ban/exceptions.ts'
import { banPageSchema, banQuery, listBans } from '../../lib/ban/find.ts'
import { addBan, banChangesSchema, newBanSchema, removeBan, setBan, showBan } from '../../lib/ban/manage.ts'
import { banSchema, exceptionSchema } from '../../lib/ban/shapes.ts'
import { operationsOf } from '../../lib/http/operation.ts'
import { allowAbsent } from '../../lib/refusal.ts'
import type { Services } from '../../lib/runtime/services.ts'

const operation = operationsOf<Services>()
const path = z.strictObject({ id: z.guid('must be an id') })

export const blacklist = [
  operation({
    route: 'GET /api/bans',
    role: 'auditor',
    summary: 'Bans, newest first: those in force, those that are over, or those that contain an address.',
    query: banQuery,
    answer: banPageSchema,
    handle: ({ services, query }) => listBans(services, query),
  }),
  operation({
    route: 'POST /api/bans',
    role: 'operator',
    summary: 'Bans an address or network, at the next attempt on every node.',
    action: 'ban add',
    body: newBanSchema,
    answer: banSchema,
    status: 201,
    handle: ({ services, body }) => addBan(services, body),
  }),
  operation({
    route: 'POST /api/bans/bulk',
    role: 'operator',
    summary: 'Bans a list, one address or network per line.',
    action: 'ban import',
    body: bulkSchema,
    maxBody: longestBulk,
    answer: bulkResultSchema,
    handle: ({ services, body }) => addBans(services, body),
  }),
  operation({
    route: 'GET /api/bans/{id}',
    role: 'auditor',
    summary: 'One ban, with what led to it.',
    path,
    answer: banSchema,
    handle: ({ services, path }) => showBan(services, path.id),
  }),
  operation({
    route: 'PATCH /api/bans/{id}',
    role: 'operator',
    summary: 'Changes reason or end of a ban in force.',
    action: 'ban set',
    path,
    body: banChangesSchema,
    answer: banSchema,
    handle: ({ services, path, body }) => setBan(services, path.id, body),
  }),
  operation({
    route: 'DELETE /api/bans/{id}',
    role: 'operator',
    summary: 'Lifts a ban; it stays as a record.',
    action: 'ban remove',
    path,
    handle: ({ services, path }) => allowAbsent(removeBan(services, path.id)),
  }),
  operation({
    route: 'GET /api/exceptions',
    role: 'auditor',
    summary: 'Addresses that automatic bans spare, newest first.',
    query: exceptionQuery,
    answer: exceptionPageSchema,
    handle: ({ services, query }) => listExceptions(services, query),
  }),
  operation({
    route: 'POST /api/exceptions',
    role: 'operator',
    summary: 'Spares an address or network; where it is on the list already its note is replaced.',
    action: 'exception add',
    body: newExceptionSchema,
    answer: exceptionSchema,
    status: 201,
    handle: ({ services, body }) => addException(services, body),
  }),
  operation({
    route: 'GET /api/exceptions/{id}',
    role: 'auditor',
    summary: 'One exception.',
    path,
    answer: exceptionSchema,
    handle: ({ services, path }) => showException(services, path.id),
  }),
  operation({
    route: 'PATCH /api/exceptions/{id}',
    role: 'operator',
    summary: 'Changes the note.',
    action: 'exception set',
    path,
    body: exceptionChangesSchema,
    answer: exceptionSchema,
    handle: ({ services, path, body }) => setException(services, path.id, body),
  }),
  operation({
    route: 'DELETE /api/exceptions/{id}',
    role: 'operator',
    summary: 'Spares it no longer.',
    action: 'exception remove',
    path,
    handle: ({ services, path }) => allowAbsent(removeException(services, path.id)),
  }),
]
