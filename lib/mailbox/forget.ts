/** Making every node forget what it remembers of a mailbox. */
import type { Database } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { takeVersion } from '../database/version.ts'
import type { HotState } from '../hot-state/port.ts'
import { accountKey } from './account.ts'

export interface ForgetServices {
  db: Database
  hot: HotState
  settings: { auth: { cache_ttl: number } }
}

/** More than a login may last (`auth.deadline` is at most a minute). */
const tombstoneMs = 120_000

/** A tombstone in place of the cached copy, which outlives every login that read the row before the change; else no copy at all. */
export async function forget(
  { hot, settings }: Pick<ForgetServices, 'hot' | 'settings'>,
  name: string,
  version: number,
): Promise<void> {
  const ttlMs = settings.auth.cache_ttl + tombstoneMs
  await hot.announce([{ op: 'write', key: accountKey(name), value: null, version, ttlMs }])
}

/** The same for facts that were changed beside the account's own verbs. */
export async function forgetCopies(services: ForgetServices, name: string): Promise<void> {
  const version = await inTransaction(services.db, async trx => {
    const version = await takeVersion(trx, 'mailbox_version')
    await trx.updateTable('users').set({ version }).where('name', '=', name).execute()
    return version
  })
  await forget(services, name, version)
}
