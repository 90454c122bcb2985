/** What keeps a mailbox's owner out, and the verbs that lift it. */
import { z } from 'zod'
import { type LogServices, searchAuthLog } from '../audit/search.ts'
import { orUnknown } from '../hot-state/unknown.ts'
import { parseInput, text } from '../input.ts'
import { listNetworks, networkSchema } from '../mailbox/list-networks.ts'
import { mailboxSchema } from '../mailbox/mailbox.ts'
import { change, clearGuesses, type MailboxServices, showMailbox } from '../mailbox/manage.ts'
import { grantSchema, listGrants } from '../mailbox/totp.ts'
import { Refusal } from '../refusal.ts'
import { circleSchema, readCounters } from './circles.ts'
import { type GuessingServices, unlockOps } from './guessing.ts'
import { familiarKey } from './marks.ts'

type UnlockServices = GuessingServices & MailboxServices
type ShowServices = UnlockServices & LogServices

/** An attempt of late, as the auth log has it. */
const lateAttempt = z.strictObject({
  time: z.int(),
  protocol: z.string(),
  client_address: z.string(),
  reason: z.string(),
  backend: z.string().nullable(),
  request_id: z.string(),
})

export const guardedSchema = mailboxSchema.extend({
  most_guesses: z.int().describe('From so many guesses on strangers are shut out until somebody unlocks it.'),
  locked: z
    .boolean()
    .nullable()
    .describe(
      'Now: any of the locks in `counters`, or `guesses` at its most. null = nobody knows, as Redis is away.',
    ),
  networks: z.array(networkSchema).describe('Familiar ones: what strangers do never shuts these out.'),
  counters: z.array(circleSchema).nullable().describe('null = Redis is away.'),
  grants: z.array(grantSchema),
  last_logins: z.array(lateAttempt),
  last_refusals: z.array(lateAttempt),
})

const lateOnes = 5

/** The mailbox with its networks and grants, the counters and locks of each circle of guessers, and its last attempts. */
export async function showGuarded(
  services: ShowServices,
  name: string,
): Promise<z.infer<typeof guardedSchema>> {
  const mailbox = await showMailbox(services, name)
  const networks = await listNetworks(services.db, mailbox.id)
  const [counters, grants, last_logins, last_refusals] = await Promise.all([
    orUnknown(readCounters(services, mailbox.name, networks.map(nameOf))),
    listGrants(services, { name }),
    readLate(services, mailbox.name, 'success'),
    readLate(services, mailbox.name, 'failed'),
  ])
  const most_guesses = services.settings.guessing.user_total
  const locked =
    mailbox.guesses >= most_guesses ||
    (counters?.some(({ locked_until, shut }) => locked_until !== null || shut) ?? null)
  return { ...mailbox, most_guesses, locked, networks, counters, grants, last_logins, last_refusals }
}

async function readLate(services: LogServices, user: string, result: 'success' | 'failed') {
  const { items } = await searchAuthLog(services, { user, result, limit: lateOnes })
  return items.map(({ time, protocol, client_address, reason, backend, request_id }) => ({
    time,
    protocol,
    client_address,
    reason,
    backend,
    request_id,
  }))
}

/** Lifts every lock and count of the mailbox, for strangers and in its own networks. Bans of addresses stay. */
export async function unlockMailbox(services: UnlockServices, name: string) {
  const mailbox = await clearGuesses(services, name)
  const networks = await listNetworks(services.db, mailbox.id)
  await services.hot.announce(unlockOps(mailbox.name, networks.map(nameOf)))
  return mailbox
}

const nameOf = ({ network }: { network: string }) => network

const meantNetwork = z.strictObject({ name: text(), network: text().optional() })

/**
 * Makes a familiar network, or all of them, strange again: from the next login on.
 * @returns how many were forgotten
 * @throws Refusal if there is no such mailbox, or it has not that network
 */
export async function forgetNetworks(
  services: UnlockServices,
  input: unknown,
): Promise<{ forgotten: number }> {
  const { name, network } = parseInput(meantNetwork, input)
  let gone: string[] = []
  const mailbox = await change(
    services,
    { action: 'user forget', name },
    () => ({}),
    async (trx, { id, name: mailbox }) => {
      const known = await listNetworks(trx, id)
      gone = known.map(nameOf).filter(each => network === undefined || each === network)
      if (network !== undefined && gone.length === 0)
        throw new Refusal('not_found', 'network', `${mailbox} has no such familiar network; see user show`)
      if (gone.length > 0)
        await trx
          .deleteFrom('known_networks')
          .where('user_id', '=', id)
          .where('network', 'in', gone)
          .execute()
      return { forgotten: gone }
    },
  )
  await services.hot.announce(gone.map(each => ({ op: 'remove', key: familiarKey(mailbox.name, each) })))
  return { forgotten: gone.length }
}
