/** For a host that stands still between calls: what it knew and was connected to is looked at before it is used again. */

import type { Database } from '../database/schema.ts'
import type { Away } from '../database/watch.ts'
import { within } from '../deadline.ts'
import type { HotState } from '../hot-state/port.ts'

interface WakeServices {
  db: Database
  databaseAway: () => Away | null
  hot: HotState
  clock: () => number
}

/** As often as others look by themselves. */
const everyMs = 1_000
/** Longer than the servers need to answer; what is away then is so for whoever asks. */
const patienceMs = 2_000
const lookAgainMs = 20

/** @returns what resolves soon, whatever it finds. To be called before each call */
export function createWaking({ db, databaseAway, hot, clock }: WakeServices): () => Promise<void> {
  let wokenAt = clock()
  let waking: Promise<void> | undefined

  const wake = async () => {
    // It may have been away when the host fell asleep.
    for (let waited = 0; databaseAway() !== null && waited < patienceMs / 2; waited += lookAgainMs) {
      await new Promise(resolve => setTimeout(resolve, lookAgainMs))
    }
    // A connection that has died meanwhile ends here, and the next statement gets another one.
    await db
      .selectFrom('system_config')
      .select('name')
      .limit(1)
      .execute()
      .catch(() => {})
    await hot.wake()
    wokenAt = clock()
  }

  return async () => {
    // By the wall clock: whether another one goes on meanwhile is up to the host.
    if (Math.abs(clock() - wokenAt) < everyMs) return
    waking ??= within(patienceMs, wake())
      .catch(() => {})
      .finally(() => {
        waking = undefined
      })
    await waking
  }
}
