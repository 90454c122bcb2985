/** Sending what is due. Any process may do it at any time: each row is sent by the one that has claimed it. */
import type { Logger } from 'pino'
import type { NotificationRow } from '../database/schema.ts'
import { persistently } from '../database/transaction.ts'
import { noticeKinds } from '../settings/notify-settings.ts'
import { composeNotice } from './compose.ts'
import { explainFailure, type Failure } from './failure.ts'
import type { Notice } from './notice.ts'
import { canSend, type QueueServices } from './queue.ts'
import { type MailServer, openMailServer, sendMs } from './smtp.ts'

export type DeliverServices = QueueServices & { log: Logger }

const minuteMs = 60_000
const rowsAtOnce = 50
/** Longer than a mail can take; whoever is killed meanwhile leaves the row to be sent once more after that. */
const claimMs = 5 * minuteMs + sendMs
/** After that the news is old. */
const keepTryingMs = 24 * 60 * minuteMs
/** A mail that is being sent when the process is to stop has so long to end, else it would be sent twice. */
const lastWordsMs = 2_000

/** 1, 2, 4 … minutes, then hourly. */
const pauseAfter = (tries: number) => Math.min(60, 2 ** (tries - 1)) * minuteMs

/** Sends all that is due, one after the other, until the server itself fails or `signal` ends it. */
export async function deliverDue(services: DeliverServices, signal: AbortSignal): Promise<void> {
  await giveUp(services)
  const hurry = new AbortController()
  const onStop = () => setTimeout(() => hurry.abort(), lastWordsMs).unref()
  signal.addEventListener('abort', onStop, { once: true })
  try {
    while (!signal.aborted && canSend(services.settings)) {
      const rows = await readDue(services)
      if (rows.length === 0 || !(await deliver(services, rows, signal, hurry.signal))) return
    }
  } finally {
    signal.removeEventListener('abort', onStop)
  }
}

/** @returns whether the server takes mail */
async function deliver(
  services: DeliverServices,
  rows: NotificationRow[],
  stop: AbortSignal,
  hurry: AbortSignal,
): Promise<boolean> {
  // Opened anew for each batch: the settings may have been changed.
  const server = openMailServer(services.settings)
  try {
    for (const row of rows) {
      if (stop.aborted) return false
      if (!(await claim(services, row))) continue
      const failure = await send(services, server, row, hurry)
      if (hurry.aborted) return false
      await settle(services, { ...row, tries: row.tries + 1 }, failure)
      if (failure?.scope === 'server') return false
    }
    return true
  } finally {
    server.close()
  }
}

async function send(
  { settings }: DeliverServices,
  server: MailServer,
  { id, kind, recipient, facts }: NotificationRow,
  hurry: AbortSignal,
): Promise<Failure | null> {
  try {
    const notice: Notice = { kind, ...JSON.parse(facts) }
    await server.send(id, recipient, composeNotice(settings, notice), hurry)
    return null
  } catch (error) {
    return explainFailure(settings, error)
  }
}

function readDue({ db, clock }: DeliverServices): Promise<NotificationRow[]> {
  return db
    .selectFrom('notifications')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('due_at', '<=', clock())
    .orderBy('due_at')
    .limit(rowsAtOnce)
    .execute()
}

/** @returns whether it is ours to send now; else another process was faster */
async function claim({ db, clock }: DeliverServices, { id, due_at, tries }: NotificationRow) {
  const { numUpdatedRows } = await persistently(() =>
    db
      .updateTable('notifications')
      .set({ due_at: clock() + claimMs, tries: tries + 1 })
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .where('due_at', '=', due_at)
      .executeTakeFirst(),
  )
  return numUpdatedRows === 1n
}

async function settle(
  { db, clock, log }: DeliverServices,
  { id, kind, tries }: NotificationRow,
  failure: Failure | null,
): Promise<void> {
  const now = clock()
  const text = failure?.text ?? ''
  if (failure) log.warn({ notification: id, kind, tries, error: text }, 'a notice could not be sent')
  else log.info({ notification: id, kind, tries }, 'notice sent')
  const changes =
    failure && failure.scope !== 'final'
      ? { due_at: now + pauseAfter(tries), error: text }
      : { state: failure ? ('failed' as const) : ('sent' as const), ended_at: now, error: text }
  await persistently(() => db.updateTable('notifications').set(changes).where('id', '=', id).execute())
}

/** What is too old, and what nobody wants to be told any more. */
async function giveUp({ db, clock, settings }: DeliverServices): Promise<void> {
  const now = clock()
  const unwanted = noticeKinds.filter(kind => !settings.notify[kind])
  const end = (error: string) =>
    db
      .updateTable('notifications')
      .set(eb => ({
        state: 'failed',
        ended_at: now,
        error: eb.case().when('error', '=', '').then(error).else(eb.ref('error')).end(),
      }))
      .where('state', '=', 'waiting')
      .where('due_at', '<=', now)
  await end('not sent within a day')
    .where('created_at', '<=', now - keepTryingMs)
    .execute()
  for (const kind of unwanted) {
    await end(`notify.${kind} was switched off`).where('kind', '=', kind).execute()
  }
}
