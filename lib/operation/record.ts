/** The operation log: what people change, and what they were refused. */
import type { Transaction } from 'kysely'
import type { Database, OperationLogRow, Tables } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { newId } from '../id.ts'

/** Who acts, and from where. */
export interface Actor {
  /** An administrator's username, or `command line`. */
  name: string
  /** '' = this machine. */
  address: string
}

export interface RecordServices {
  db: Database
  clock: () => number
  actor: Actor
}

/** What was done, without secrets. */
export interface Done<T> {
  /** What it was done to, by the name that people know it by. */
  target: string
  /** null = there was none. */
  before: object | null
  /** null = there is none any more. */
  after: object | null
  result: T
}

/**
 * Makes a change and its row of the operation log in one transaction: there is never one without the other.
 * @param action the verb, as the command line calls it: `user set-password`
 * @param work as that of `inTransaction`; it may be called again
 */
export function recorded<T>(
  services: RecordServices,
  action: string,
  work: (trx: Transaction<Tables>) => Promise<Done<T>>,
): Promise<T> {
  return inTransaction(services.db, async trx => {
    const { target, before, after, result } = await work(trx)
    await insert(trx, services, { action, target, result: 'success', detail: differences(before, after) })
    return result
  })
}

/** The same for many at once: each has a row of its own. */
export function recordedEach<T>(
  services: RecordServices,
  action: string,
  work: (trx: Transaction<Tables>) => Promise<{ done: Omit<Done<never>, 'result'>[]; result: T }>,
): Promise<T> {
  return inTransaction(services.db, async trx => {
    const { done, result } = await work(trx)
    const entries = done.map(({ target, before, after }) => ({
      action,
      target,
      result: 'success' as const,
      detail: differences(before, after),
    }))
    for (let at = 0; at < entries.length; at += entriesAtOnce)
      await insert(trx, services, ...entries.slice(at, at + entriesAtOnce))
    return result
  })
}

/** Rows are kept for ever, and what is refused may name whatever was sent. */
const longestMessage = 1_000

/** Notes an act that was refused; nothing was done. */
export async function recordRefused(
  services: RecordServices,
  action: string,
  target: string,
  { code, message }: { code: string; message: string },
): Promise<void> {
  const detail = { code, message: message.slice(0, longestMessage) }
  await insert(services.db, services, { action, target, result: 'failed', detail })
}

type Entry = Pick<OperationLogRow, 'action' | 'target' | 'result'> & { detail: object }

/** The column's width. */
const longestTarget = 255
const entriesAtOnce = 200

async function insert(db: Database, { clock, actor }: RecordServices, ...entries: Entry[]): Promise<void> {
  const rows = entries.map(({ target, detail, ...rest }) => ({
    id: newId(),
    time: clock(),
    actor: actor.name,
    client_address: actor.address,
    target: target.slice(0, longestTarget),
    detail: JSON.stringify(detail),
    ...rest,
  }))
  await db.insertInto('operation_log').values(rows).execute()
}

/** Only the fields that are not the same on both sides. */
function differences(before: object | null, after: object | null) {
  if (before === null || after === null) return { before, after }
  const [was, is] = [new Map(Object.entries(before)), new Map(Object.entries(after))]
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    key => JSON.stringify(was.get(key)) !== JSON.stringify(is.get(key)),
  )
  const pick = (side: Map<string, unknown>) =>
    Object.fromEntries(changed.filter(key => side.has(key)).map(key => [key, side.get(key)]))
  return { before: pick(was), after: pick(is) }
}
