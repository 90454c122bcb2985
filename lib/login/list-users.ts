/** The list of mailboxes, each with whether it is locked now. */
import { z } from 'zod'
import { orUnknown } from '../hot-state/unknown.ts'
import { parseInput } from '../input.ts'
import { listMailboxes, mailboxPage } from '../mailbox/list.ts'
import { mailboxSchema } from '../mailbox/mailbox.ts'
import { findLocked, keepLocked, type LockedServices } from './locked.ts'

export const listQuery = mailboxPage.extend({
  locked: z
    .boolean('must be true or false')
    .optional()
    .describe(
      'Locked now: shut to strangers until somebody unlocks it, which is exact; or for a while, to strangers or in a ' +
        'network of its own, as far as the wrong passwords of the longer of auth.lock_ttl and guessing.stuffing_window ' +
        'show (the newest 5000 of each protocol). Refused while Redis is away.',
    ),
})

const listedMailbox = mailboxSchema.extend({
  locked: z
    .boolean()
    .nullable()
    .describe(
      'Now, for a while or until somebody unlocks it: GET /api/users/{name} has by what. null = nobody knows, as Redis is away.',
    ),
})

export const mailboxList = z.strictObject({
  items: z.array(listedMailbox),
  next: z.string().nullable().describe('`after` of the following page; null = there is none.'),
  total: z.int().describe('On all pages.'),
})

/** @throws Refusal for a bad field; HotStateAway where only those who are locked, or are not, are wanted */
export async function listUsers(
  services: LockedServices,
  input: unknown,
): Promise<z.infer<typeof mailboxList>> {
  const { locked: wanted, ...page } = parseInput(listQuery, input)
  const { user_total: guesses } = services.settings.guessing
  const locked = wanted === undefined ? undefined : { wanted, guesses, names: await findLocked(services) }
  const { items, ...rest } = await listMailboxes(services, page, locked)
  const names = await orUnknown(keepLocked(services, items))
  const isLocked = (item: (typeof items)[number]) =>
    item.guesses >= guesses || (names?.has(item.name) ?? null)
  return { ...rest, items: items.map(item => ({ ...item, locked: isLocked(item) })) }
}
