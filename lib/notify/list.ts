/** What was sent, is to be sent, and could not be. */
import { z } from 'zod'
import type { Database, NotificationRow } from '../database/schema.ts'
import { parseInput, text } from '../input.ts'
import { noticeKinds } from '../settings/notify-settings.ts'

const states = ['waiting', 'sent', 'failed'] as const

/** Times are UTC milliseconds. */
export const notification = z.strictObject({
  id: z.string(),
  kind: z.enum(noticeKinds),
  recipient: z.string(),
  /** `failed`: given up. */
  state: z.enum(states),
  /** How often it was begun to be sent. */
  tries: z.int(),
  /** When it is tried next; null = not any more. */
  due_at: z.int().nullable(),
  /** Why it was not sent the last time, and what to do; '' = nothing went wrong. */
  error: z.string(),
  created_at: z.int(),
  /** When it was sent or given up. */
  ended_at: z.int().nullable(),
})
export type Notification = z.infer<typeof notification>

const limitText = 'must be a whole number from 1 to 200'

export const notificationQuery = z.strictObject({
  kind: z.enum(noticeKinds, `must be one of ${noticeKinds.join(', ')}`).optional(),
  state: z.enum(states, `must be one of ${states.join(', ')}`).optional(),
  /** The whole address. */
  recipient: text().optional(),
  /** The `next` of the page before. */
  after: text().optional(),
  limit: z.int(limitText).min(1, limitText).max(200, limitText).default(50),
})

export const notificationPage = z.strictObject({
  items: z.array(notification),
  /** Give it as `after` for the next page; null = there is none. */
  next: z.string().nullable(),
})

/** Newest first. @throws Refusal for a bad field */
export async function listNotifications(
  { db }: { db: Database },
  input: unknown,
): Promise<z.infer<typeof notificationPage>> {
  const { after, limit, ...same } = parseInput(notificationQuery, input)
  const wanted = Object.entries(same).filter(([, value]) => value !== undefined)
  const rows = await db
    .selectFrom('notifications')
    .selectAll()
    .where(eb => eb.and(Object.fromEntries(wanted)))
    .$if(after !== undefined, query => query.where('id', '<', after!))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  return { items: page.map(toNotification), next: rows.length > limit ? page.at(-1)!.id : null }
}

export const toNotification = ({ facts, topic, ...row }: NotificationRow): Notification => ({
  ...row,
  due_at: row.state === 'waiting' ? row.due_at : null,
})
