/** The background work that brings sealed password digests to bcrypt, after many mailboxes came at once. */

import type { Transaction } from 'kysely'
import type { Logger } from 'pino'
import { orChange } from '../database/dialect.ts'
import type { Database, Tables } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import { newId } from '../id.ts'
import { pause } from '../pause.ts'
import { SealBroken, type Sealer } from '../sealing.ts'
import { HashBusy, type Passwords } from './passwords.ts'
import { hashSealed, replaceStored, sealedPattern } from './stored-password.ts'

export interface UpgradeServices {
  db: Database
  logDb: Database
  hot: HotState
  sealer: Sealer
  passwords: Pick<Passwords, 'hashInTurn'>
  log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/** Row of `system_config` that is there while digests may wait; its value is another one after each addition. */
const noticeName = 'sealed_passwords'

/** To be called in the transaction that stores sealed digests, or seals them anew. */
export async function noticeSealed(trx: Transaction<Tables>, now: number): Promise<void> {
  const news = { value: newId(), updated_at: now }
  await trx
    .insertInto('system_config')
    .values({ name: noticeName, ...news })
    .$call(orChange(trx, ['name'], news))
    .execute()
}

/** How often a gateway looks whether there is work. */
const lookMs = 2_000
const rowsAtOnce = 100
/** A gateway that has begun with a row is done with it, or dead, by then. */
const claimMs = 60_000

export interface PasswordUpgrade {
  /** Ends after the hash that is being made. */
  stop(): Promise<void>
}

/**
 * One hash at a time, behind the logins that wait, and never more than half of the time of one hash thread. Several
 * gateways share the rows by claims; what is left when one ends the others do, or itself when it starts again.
 */
export function startPasswordUpgrade(services: UpgradeServices): PasswordUpgrade {
  const ending = new AbortController()
  const done = run(services, ending.signal)
  return {
    async stop() {
      ending.abort()
      await done
    },
  }
}

async function run(services: UpgradeServices, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    try {
      const notice = await readNotice(services.db)
      if (notice !== null) await upgradeAll(services, notice, ending)
    } catch (error) {
      services.log.warn({ err: error }, 'passwords stay in their sealed form for now')
    }
    await pause(lookMs, ending)
  }
}

async function readNotice(db: Database): Promise<string | null> {
  const row = await db
    .selectFrom('system_config')
    .select('value')
    .where('name', '=', noticeName)
    .executeTakeFirst()
  return row?.value ?? null
}

async function upgradeAll(services: UpgradeServices, notice: string, ending: AbortSignal): Promise<void> {
  const broken: string[] = []
  let upgraded = 0
  let left = 0
  for (let after: string | undefined = ''; after !== undefined && !ending.aborted; ) {
    const rows = await readSealed(services.logDb, after)
    for (const row of rows) {
      if (ending.aborted) break
      const outcome = await upgrade(services, row, ending)
      if (outcome === 'upgraded') upgraded++
      else if (outcome === 'broken') broken.push(row.name)
      else left++
    }
    after = rows.at(-1)?.id
  }
  if (upgraded > 0) services.log.info({ mailboxes: upgraded }, 'passwords brought from digests to bcrypt')
  if (ending.aborted || left > 0) return
  if (broken.length > 0) {
    services.log.error(
      { mailboxes: broken.length, examples: broken.slice(0, 5) },
      'sealed with a master secret that MAILGATEWAY_SECRET_KEY does not list: add it there after the new one, then secrets reseal',
    )
  }
  // Not when more came meanwhile.
  await services.db
    .deleteFrom('system_config')
    .where('name', '=', noticeName)
    .where('value', '=', notice)
    .execute()
}

/** Through all mailboxes: on the connection that no login waits for. */
const readSealed = (logDb: Database, after: string) =>
  logDb
    .selectFrom('users')
    .select(['id', 'name', 'password_hash'])
    .where('id', '>', after)
    .where('password_hash', 'like', sealedPattern)
    .orderBy('id')
    .limit(rowsAtOnce)
    .execute()

type Sealed = Awaited<ReturnType<typeof readSealed>>[number]

/** @returns `left`: another gateway has it, or the logins of now need every hash there is time for */
async function upgrade(
  services: UpgradeServices,
  { id, password_hash }: Sealed,
  ending: AbortSignal,
): Promise<'upgraded' | 'broken' | 'left'> {
  const key = `upgrade:${id}`
  const [claimed] = await services.hot.apply([{ op: 'claim', key, value: 'claimed', ttlMs: claimMs }])
  if (!claimed) return 'left'
  const startedAt = performance.now()
  try {
    const hash = await hashSealed(services, id, password_hash)
    await replaceStored(services.db, id, password_hash, hash)
    return 'upgraded'
  } catch (error) {
    if (error instanceof SealBroken) return 'broken'
    if (!(error instanceof HashBusy)) throw error
    return 'left'
  } finally {
    await pause(performance.now() - startedAt, ending)
  }
}
