/** Mailboxes: what people around the gateway do with them. Every change is effective at the next login. */
import { z } from 'zod'
import { linkTo } from '../../lib/http/export.ts'
import { operationsOf } from '../../lib/http/operation.ts'
import { knownVersion, text } from '../../lib/input.ts'
import { listQuery, listUsers, mailboxList } from '../../lib/login/list-users.ts'
import { guardedSchema, showGuarded } from '../../lib/login/unlock.ts'
import { exportMailboxes, exportQuery } from '../../lib/mailbox/export.ts'
import { importFile, importMailboxes, importReport } from '../../lib/mailbox/import.ts'
import { enrolledSchema, mailboxChanges, mailboxSchema, newMailbox } from '../../lib/mailbox/mailbox.ts'
import { addMailbox, deleteMailbox, setMailbox, setPassword } from '../../lib/mailbox/manage.ts'
import { noticeForOwner, notifyOwner } from '../../lib/mailbox/notify.ts'
import { notification } from '../../lib/notify/list.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { codes, pictures, withPictures } from './codes.ts'
import { idempotent } from './idempotent.ts'

const operation = operationsOf<Services>()
const named = z.strictObject({ name: z.string() })
const contentTypes = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson' }

export const users = [
  operation({
    route: 'GET /api/users',
    role: 'auditor',
    summary: 'Mailboxes, searched over all pages, filtered, sorted.',
    query: listQuery,
    answer: mailboxList,
    handle: ({ services, query }) => listUsers(services, query),
  }),
  operation({
    route: 'POST /api/users',
    role: 'operator',
    summary:
      'Makes a mailbox; with totp it needs one-time codes from the first login on, and the secret is answered once.',
    action: 'user add',
    body: newMailbox,
    answer: mailboxSchema.extend({
      ...enrolledSchema.pick({ otpauth: true }).partial().shape,
      ...pictures.partial().shape,
    }),
    status: 201,
    handle: async ({ services, body }) => {
      const added = await addMailbox(services, body)
      return 'otpauth' in added ? withPictures(added) : added
    },
  }),
  operation({
    route: 'POST /api/users/import',
    role: 'operator',
    summary:
      'Makes or changes many mailboxes. It answers 200 also when lines are at fault: see done and errors.',
    action: 'user import',
    body: importFile,
    maxBody: 5 * 1024 * 1024,
    answer: importReport,
    handle: ({ services, body }) => importMailboxes(services, body),
  }),
  operation({
    // No name of a mailbox has a slash, and one may be called export.
    route: 'GET /api/export/users',
    role: 'auditor',
    summary:
      'Mailboxes as a file, by name, without passwords; in parts of at most 4 MB: the next one is in the headers X-Next and Link.',
    query: exportQuery,
    contentType: 'text/csv',
    async handle({ services, query, c }) {
      const { text, next } = await exportMailboxes(services, query)
      const format = query.format ?? 'csv'
      const headers = {
        'Content-Type': contentTypes[format],
        'Content-Disposition': `attachment; filename="users.${format}"`,
        'Cache-Control': 'no-store',
      }
      return c.body(text, 200, { ...headers, ...(next !== null && linkTo(c, next)) })
    },
  }),
  operation({
    route: 'GET /api/users/{name}',
    role: 'auditor',
    summary: 'One mailbox: its networks and grants, what guessing has led to, its last attempts.',
    path: named,
    answer: guardedSchema,
    handle: ({ services, path }) => showGuarded(services, path.name),
  }),
  operation({
    route: 'PATCH /api/users/{name}',
    role: 'operator',
    summary: 'Changes owner, protocols, pool, or whether it is enabled.',
    action: 'user set',
    path: named,
    body: mailboxChanges,
    answer: mailboxSchema,
    handle: ({ services, path, body }) => setMailbox(services, path.name, body),
  }),
  operation({
    route: 'PUT /api/users/{name}/password',
    role: 'operator',
    summary: 'Sets a new password; the old one is refused at the next login.',
    action: 'user set-password',
    path: named,
    body: z.strictObject({ password: text(), version: knownVersion }),
    answer: mailboxSchema,
    handle: ({ services, path, body }) => setPassword(services, path.name, body.password, body.version),
  }),
  operation({
    route: 'DELETE /api/users/{name}',
    role: 'operator',
    summary: 'Deletes a mailbox with its grants and networks; its auth log stays.',
    action: 'user delete',
    path: named,
    handle: ({ services, path }) => idempotent(deleteMailbox(services, path.name)),
  }),
  operation({
    route: 'POST /api/users/{name}/notify',
    role: 'operator',
    summary:
      'Sends the owner a notice again: of a new secret for codes, or the last one of a lock or a new network.',
    action: 'user notify',
    path: named,
    body: noticeForOwner.omit({ name: true }),
    answer: notification,
    status: 202,
    handle: ({ services, path, body }) => notifyOwner(services, { ...path, ...body }),
  }),
  ...codes,
]
