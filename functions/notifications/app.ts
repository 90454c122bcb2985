/** Mails to owners and administrators: what became of them, and a try of the mail server. */
import type { ApiServices } from '../../lib/http/api.ts'
import { operationsOf } from '../../lib/http/operation.ts'
import { listNotifications, notificationPage, notificationQuery } from '../../lib/notify/list.ts'
import type { QueueServices } from '../../lib/notify/queue.ts'
import { sendTestMail, testMail, testMailSent } from '../../lib/notify/test-mail.ts'

const operation = operationsOf<ApiServices & QueueServices>()

export const notifications = [
  operation({
    route: 'GET /api/notifications',
    role: 'auditor',
    summary: 'Notices that were sent, wait, or were given up, newest first.',
    query: notificationQuery,
    answer: notificationPage,
    handle: ({ services, query }) => listNotifications(services, query),
  }),
  operation({
    route: 'POST /api/notifications/test',
    role: 'superadmin',
    summary: 'Sends a test mail now, and says what the mail server answered.',
    body: testMail,
    answer: testMailSent,
    action: 'notify test',
    handle: ({ services, body }) => sendTestMail(services, body),
  }),
]
