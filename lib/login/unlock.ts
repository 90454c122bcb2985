/** What keeps a mailbox's owner out, and the one verb that lifts all of it. */
import { listNetworks } from '../mailbox/familiar.ts'
import { clearGuesses, type MailboxServices, showMailbox } from '../mailbox/manage.ts'
import { readCounters } from './counters.ts'
import { type GuessingServices, unlockOps } from './guessing.ts'

type UnlockServices = GuessingServices & MailboxServices

/** The mailbox with its familiar networks, and the counters and locks of each circle of guessers. */
export async function showGuarded(services: UnlockServices, name: string) {
  const mailbox = await showMailbox(services, name)
  const networks = await listNetworks(services.db, mailbox.id)
  const counters = await readCounters(services, mailbox.name, networks.map(nameOf))
  return { ...mailbox, networks, counters, mostGuesses: services.settings.guessing.user_total }
}

/** Lifts every lock and count of the mailbox, for strangers and in its own networks. Bans of addresses stay. */
export async function unlockMailbox(services: UnlockServices, name: string) {
  const mailbox = await clearGuesses(services, name)
  const networks = await listNetworks(services.db, mailbox.id)
  await services.hot.announce(unlockOps(mailbox.name, networks.map(nameOf)))
  return mailbox
}

const nameOf = ({ network }: { network: string }) => network
