/** Which mailboxes are locked now: for a while, as the hot state knows, or until somebody unlocks them. */
import { z } from 'zod'
import { type LogServices, searchAuthLog } from '../audit/search.ts'
import type { Database } from '../database/schema.ts'
import { orUnknown } from '../hot-state/unknown.ts'
import { parseInput } from '../input.ts'
import { listMailboxes, mailboxPage } from '../mailbox/list.ts'
import { mailboxSchema } from '../mailbox/mailbox.ts'
import { circleOf, type GuessingServices, lockKey } from './guessing.ts'
import type { Hindrance } from './reasons.ts'
import { shutKey } from './strangers.ts'

export type LockedServices = Pick<GuessingServices, 'hot' | 'settings'> &
  LogServices & { clock: () => number }

export const listQuery = mailboxPage.extend({
  locked: z
    .boolean('must be true or false')
    .optional()
    .describe(
      'Locked now: shut to strangers until somebody unlocks it, which is exact; or locked for a while, to strangers or ' +
        'in a network of its own, as far as the attempts of the last auth.lock_ttl show (the newest 10000). Refused ' +
        'while Redis is away.',
    ),
})

export const listedMailbox = mailboxSchema.extend({
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

/** What an attempt at a mailbox that is locked for a while, or has just been, was refused with. */
const signs: Hindrance[] = ['wrong_password', 'locked', 'locked_here', 'many_networks']
const newest = 10_000
/** An attempt may take so long until it locks. */
const slackMs = 60_000
const namesAtOnce = 500

/** Names of mailboxes that are locked for a while. */
async function findLocked(services: LockedServices): Promise<string[]> {
  const since = services.clock() - services.settings.auth.lock_ttl - slackMs
  const { items } = await searchAuthLog(services, { reason: signs, since, limit: newest })
  const names = [...new Set(items.map(({ user }) => user))]
  const found: string[] = []
  for (let at = 0; at < names.length; at += namesAtOnce) {
    const some = names.slice(at, at + namesAtOnce)
    const users = await services.logDb
      .selectFrom('users')
      .select(['id', 'name'])
      .where('name', 'in', some)
      .execute()
    found.push(...(await keepLocked(services, users)))
  }
  return found
}

/** The names of those that are locked for a while, to strangers or in one of their own networks. */
async function keepLocked(
  { hot, logDb }: LockedServices,
  users: { id: string; name: string }[],
): Promise<Set<string>> {
  if (users.length === 0) return new Set()
  const networks = await readNetworks(logDb, users)
  const keys = users.flatMap(({ id, name }) => [
    ...[name, ...(networks.get(id) ?? []).map(network => circleOf({ name, network, familiar: true }))].map(
      circle => ({ name, key: lockKey(circle) }),
    ),
    { name, key: shutKey(name) },
  ])
  const values = await hot.apply(keys.map(({ key }) => ({ op: 'read', key }) as const))
  return new Set(keys.filter((_, i) => values[i] !== null).map(({ name }) => name))
}

async function readNetworks(logDb: Database, users: { id: string }[]): Promise<Map<string, string[]>> {
  const ids = users.map(({ id }) => id)
  const rows = await logDb
    .selectFrom('known_networks')
    .select(['user_id', 'network'])
    .where('user_id', 'in', ids)
    .execute()
  const networks = Map.groupBy(rows, ({ user_id }) => user_id)
  return new Map([...networks].map(([id, own]) => [id, own.map(({ network }) => network)]))
}
