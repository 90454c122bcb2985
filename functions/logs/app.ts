/** The auth log and the operation log: searching, counting, explaining, and taking them along as files. */
import { countAnswer, countAuthLog, countQuery } from '../../lib/audit/count.ts'
import * as attempts from '../../lib/audit/export.ts'
import { markOf } from '../../lib/audit/pages.ts'
import { logFilter, logPage, logQuery, searchAuthLog } from '../../lib/audit/search.ts'
import { answerExport, exportQuery } from '../../lib/http/export.ts'
import { operationsOf } from '../../lib/http/operation.ts'
import { limit } from '../../lib/input.ts'
import { attemptQuery, explainedAttempt, explainRow } from '../../lib/login/explain-row.ts'
import * as acts from '../../lib/operation/export.ts'
import {
  operationFilter,
  operationPage,
  operationQuery,
  searchOperations,
} from '../../lib/operation/search.ts'
import type { Services } from '../../lib/runtime/services.ts'

const operation = operationsOf<Services>()

/** Of one answer: it has to fit into that of a cloud function. */
const fitting = { limit: limit(1_000, 50) }

export const logs = [
  operation({
    route: 'GET /api/auth-log',
    role: 'auditor',
    summary: 'Auth attempts, newest first.',
    query: logQuery.extend(fitting),
    answer: logPage,
    handle: ({ services, query }) => searchAuthLog(services, query),
  }),
  operation({
    route: 'GET /api/auth-log/counts',
    role: 'auditor',
    summary: 'How many attempts the same filter finds, step by step.',
    query: countQuery,
    answer: countAnswer,
    handle: ({ services, query }) => countAuthLog(services, query),
  }),
  operation({
    route: 'GET /api/auth-log/export',
    role: 'auditor',
    summary: 'The attempts that a filter finds, as a file.',
    query: logFilter.extend(exportQuery),
    contentType: 'text/csv',
    handle: ({ services, query: { format = 'csv', after, ...filter }, c }) =>
      answerExport(c, services.stopping, {
        name: 'auth-log',
        format,
        ...attempts,
        markOf,
        after,
        read: (after, limit) => searchAuthLog(services, { ...filter, after, limit }),
      }),
  }),
  operation({
    route: 'GET /api/auth-log/{request_id}',
    role: 'auditor',
    summary: 'One attempt: which rule decided, what took part, and what to do next.',
    path: attemptQuery,
    answer: explainedAttempt,
    handle: ({ services, path }) => explainRow(services, path),
  }),
  operation({
    route: 'GET /api/operation-log',
    role: 'auditor',
    summary: 'What people changed, and what they were refused, newest first.',
    query: operationQuery.extend(fitting),
    answer: operationPage,
    handle: ({ services, query }) => searchOperations(services, query),
  }),
  operation({
    route: 'GET /api/operation-log/export',
    role: 'auditor',
    summary: 'The operations that a filter finds, as a file.',
    query: operationFilter.extend(exportQuery),
    contentType: 'text/csv',
    handle: ({ services, query: { format = 'csv', after, ...filter }, c }) =>
      answerExport(c, services.stopping, {
        name: 'operation-log',
        format,
        ...acts,
        markOf: ({ time, id }) => ({ time, id }),
        after,
        read: (after, limit) => searchOperations(services, { ...filter, after, limit }),
      }),
  }),
]
