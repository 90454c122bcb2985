/** Which networks a user is familiar in, as the hot state remembers it beside the database. */
import type { Account } from '../mailbox/account.ts'
import { rememberNetwork } from '../mailbox/familiar.ts'
import { memoize } from '../memoize.ts'
import type { Code } from './attempt.ts'
import type { Facts, RecallServices } from './recall.ts'

/** Holds whose account it was, and when the last success was written. */
export const familiarKey = (name: string, network: string | null) => `familiar:${name}\0${network ?? ''}`

const parseMark = memoize(mark => {
  const [accountId, at] = mark.split(' ')
  return { accountId, at: Number(at) }
})

/** A mark of another account under the same name says nothing. */
export function readMark(mark: string | null, account: Account): number | null {
  const { accountId, at } = parseMark(mark ?? '')
  return accountId === account.id ? at : null
}

/** The database knows it for longer. */
const markMs = 24 * 3_600_000
/** The last success from a network is written at most so often, and in time before it would be forgotten. */
const writeAgainMs = 3_600_000

/**
 * Remembers the network that a login has just succeeded from, where that is news. A success from an unfamiliar network
 * also ends the long count of strangers' guesses, unless it was only an old string that came along there.
 */
export async function rememberSuccess(
  { db, hot, settings, notices }: Pick<RecallServices, 'db' | 'hot' | 'settings' | 'notices'>,
  account: Account,
  code: Code,
  { guesser: { network, place, familiar }, familiarSince, warm, generation }: Facts,
  now: number,
): Promise<void> {
  if (network === null) return
  const againMs = Math.min(writeAgainMs, settings.guessing.familiar_for / 2)
  const isRecent = familiar && familiarSince !== null && now < familiarSince + againMs
  if (isRecent && warm) return
  const endsCount = !familiar && (code.kind === 'none' || code.kind === 'fresh')
  if (!isRecent) await rememberNetwork(db, account.id, network, now, endsCount)
  if (familiarSince === null) {
    notices.add({ kind: 'new_network', user: account.name, address: place ?? '', network, event: '' })
  }
  const value = `${account.id} ${isRecent ? familiarSince : now}`
  const key = familiarKey(account.name, network)
  await hot.apply([{ op: 'write', key, value, ttlMs: markMs }], generation)
}
