/** The queue in the database, which all gateways share and no restart empties. */
import { sql, type Transaction } from 'kysely'
import { lockAtOnce } from '../database/dialect.ts'
import type { Database, NotificationRow, Tables } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { newId } from '../id.ts'
import { Refusal } from '../refusal.ts'
import type { Settings } from '../settings/definitions.ts'
import { readMailAddress } from '../settings/mail-addresses.ts'
import { isTooMuch, type Notice, throttledMs, topicOf } from './notice.ts'

export interface QueueServices {
  db: Database
  clock: () => number
  settings: Pick<Settings, 'smtp' | 'notify'>
}

/** Far more than a mail server that is down for a day makes wait in peace; a botnet must not fill the disk. */
const mostWaiting = 10_000

/** Whether there is a mail server and somebody to write in the name of. */
export const canSend = ({ smtp }: Pick<Settings, 'smtp'>) => smtp.host !== '' && smtp.from !== ''

/** @throws Refusal where `canSend` says no */
export function requireMailServer(settings: Pick<Settings, 'smtp'>): void {
  if (canSend(settings)) return
  const text = 'there is no mail server to send with: set smtp.host and smtp.from'
  throw new Refusal('conflict', settings.smtp.host === '' ? 'smtp.host' : 'smtp.from', text)
}

/**
 * Puts what is worth a mail into the queue, in one step; doing it again adds nothing. What nobody can be told, or has been
 * told often enough, is dropped.
 * @param atOnce throws contention where another gateway is adding, instead of waiting until it has
 * @returns how many could not be added because too many wait
 */
export function enqueue(services: QueueServices, notices: Notice[], atOnce = false): Promise<number> {
  const { db, clock, settings } = services
  const now = clock()
  return inTransaction(db, async trx => {
    if (atOnce) await claimQueue(trx)
    await lockQueue(trx)
    const news = selectNews(notices, await readNetworks(trx, notices))
    const wanted = news.flatMap(notice => address(settings, notice))
    const earlier = await readEarlier(trx, wanted, now)
    const rows: NotificationRow[] = []
    for (const { notice, recipient } of wanted) {
      const same = [...earlier, ...rows].filter(
        row => row.kind === notice.kind && row.recipient === recipient,
      )
      if (!isTooMuch(notice, same, now)) rows.push(makeRow(notice, recipient, now))
    }
    const room = Math.max(0, mostWaiting - (await countWaiting(trx)))
    const taken = rows.slice(0, room)
    if (taken.length > 0) await trx.insertInto('notifications').values(taken).execute()
    return rows.length - taken.length
  })
}

const queueLock = 'notifications_queued'

/** @throws contention where `lockQueue` would wait; else it does not */
async function claimQueue(trx: Transaction<Tables>): Promise<void> {
  await trx
    .selectFrom('system_config')
    .select('name')
    .where('name', '=', queueLock)
    .$call(lockAtOnce(trx))
    .execute()
}

/** Two gateways that have the same news wait for each other here, or both would find it new. */
export async function lockQueue(trx: Transaction<Tables>): Promise<void> {
  await trx
    .updateTable('system_config')
    .set({ value: sql`value + 1` })
    .where('name', '=', queueLock)
    .execute()
}

export function makeRow(notice: Notice, recipient: string, now: number): NotificationRow {
  const { kind, ...facts } = notice
  return {
    id: newId(),
    kind,
    recipient,
    topic: topicOf(notice),
    facts: JSON.stringify(facts),
    state: 'waiting',
    tries: 0,
    due_at: now,
    error: '',
    created_at: now,
    ended_at: null,
  }
}

/** A mailbox is told at its own address, if its name is one. */
function address({ notify }: Pick<Settings, 'notify'>, notice: Notice) {
  const owner = readMailAddress(notice.user)
  const recipients = notice.kind === 'attack' ? notify.admins : owner === null ? [] : [owner]
  return recipients.map(recipient => ({ notice, recipient }))
}

/** The networks that each of the mailboxes is known in; who is not in it is not there. */
async function readNetworks(
  trx: Transaction<Tables>,
  notices: Notice[],
): Promise<Map<string, (string | null)[]>> {
  const rows = await trx
    .selectFrom('users')
    .leftJoin('known_networks', 'known_networks.user_id', 'users.id')
    .select(['users.name', 'known_networks.network'])
    .where('users.name', 'in', [...new Set(notices.map(({ user }) => user))])
    .execute()
  const byName = Map.groupBy(rows, ({ name }) => name)
  return new Map([...byName].map(([name, same]) => [name, same.map(({ network }) => network)]))
}

/** The first network of all, which is written already, is where the owner begins to use the mailbox. */
function selectNews(notices: Notice[], networks: Map<string, (string | null)[]>): Notice[] {
  const fresh = Map.groupBy(
    notices.filter(({ kind }) => kind === 'new_network'),
    ({ user }) => user,
  )
  return notices.filter(({ kind, user, network }) => {
    const known = networks.get(user)
    if (kind !== 'new_network' || !known) return user === '' || known !== undefined
    const now = fresh.get(user)!.map(notice => notice.network)
    return network !== now[0] || known.some(one => one !== null && !now.includes(one))
  })
}

function readEarlier(trx: Transaction<Tables>, wanted: { recipient: string }[], now: number) {
  const recipients = [...new Set(wanted.map(({ recipient }) => recipient))]
  return trx
    .selectFrom('notifications')
    .select(['kind', 'recipient', 'topic', 'created_at'])
    .where('recipient', 'in', recipients.length > 0 ? recipients : [''])
    .where('created_at', '>', now - throttledMs)
    .execute()
}

async function countWaiting(trx: Transaction<Tables>): Promise<number> {
  const { waiting } = await trx
    .selectFrom('notifications')
    .select(eb => eb.fn.countAll<number>().as('waiting'))
    .where('state', '=', 'waiting')
    .executeTakeFirstOrThrow()
  return Number(waiting)
}
