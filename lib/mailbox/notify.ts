/** Telling the owner of a mailbox again. */
import { z } from 'zod'
import type { NotificationRow } from '../database/schema.ts'
import { parseInput, text } from '../input.ts'
import { type Notification, toNotification } from '../notify/list.ts'
import type { Notice } from '../notify/notice.ts'
import { lockQueue, makeRow, type QueueServices, requireMailServer } from '../notify/queue.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { readMailAddress } from '../settings/mail-addresses.ts'
import type { Mailbox } from './mailbox.ts'
import { type MailboxServices, showMailbox } from './manage.ts'

const kinds = ['totp_enrolled', 'locked', 'new_network'] as const

export const noticeForOwner = z.strictObject({
  name: text(),
  kind: z.enum(kinds, `must be one of ${kinds.join(', ')}`),
})

type Kind = z.infer<typeof noticeForOwner>['kind']

/** Who clicks twice means one mail. */
const onceMs = 60_000

/**
 * Sends a notice of that kind to the mailbox's owner once more: of `locked` and `new_network` the last one that there was.
 * @throws Refusal when nobody could be told, there is nothing to tell, or it has just been sent
 */
export async function notifyOwner(
  services: MailboxServices & QueueServices & RecordServices,
  input: unknown,
): Promise<Notification> {
  const { settings, clock } = services
  const { name, kind } = parseInput(noticeForOwner, input)
  const mailbox = await showMailbox(services, name)
  const recipient = readMailAddress(mailbox.name)
  if (recipient === null) {
    throw new Refusal(
      'conflict',
      'name',
      `${mailbox.name} is no mail address: nobody can be written to there`,
    )
  }
  requireMailServer(settings)
  if (!settings.notify[kind]) {
    throw new Refusal('conflict', 'kind', `such notices are switched off; set notify.${kind} to on first`)
  }
  return recorded(services, 'user notify', async trx => {
    await lockQueue(trx)
    const now = clock()
    const last = await trx
      .selectFrom('notifications')
      .selectAll()
      .where('recipient', '=', recipient)
      .where('kind', '=', kind)
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (last && (last.state === 'waiting' || last.created_at > now - onceMs)) {
      throw new Refusal('conflict', 'kind', 'one is on its way, or was sent this minute; see notify list')
    }
    const row = makeRow(repeat(mailbox, kind, last, now), recipient, now)
    await trx.insertInto('notifications').values(row).execute()
    const result = toNotification(row)
    return { target: mailbox.name, before: null, after: { kind, recipient, id: row.id }, result }
  })
}

function repeat({ name, totp }: Mailbox, kind: Kind, last: NotificationRow | undefined, now: number): Notice {
  if (kind === 'totp_enrolled' && totp === 'off') {
    throw new Refusal('conflict', 'kind', `${name} has no secret to pick up; user totp enable makes one`)
  }
  if (kind === 'totp_enrolled') return { kind, time: now, user: name, address: '', network: '', event: '' }
  if (last) return { kind, ...JSON.parse(last.facts) }
  throw new Refusal(
    'not_found',
    'kind',
    `${name} has had no such notice in the last month, so none can be sent again`,
  )
}
