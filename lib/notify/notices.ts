/** Where the rest of the gateway leaves what somebody is to be told of: nothing there waits for it, or fails with it. */
import type { Logger } from 'pino'
import { isAway } from '../database/dialect.ts'
import { pause } from '../pause.ts'
import type { Notice } from './notice.ts'
import { canSend, enqueue, type QueueServices } from './queue.ts'

export interface Notices {
  /** Returns at once and never throws. What nobody wants to be told is dropped. */
  add(notice: Omit<Notice, 'time'>): void
  /**
   * For a process that stands still between calls: resolves when what was added is in the queue or, where that cannot be had
   * now, has to wait for the next flush. Never rejects.
   */
  flush(): Promise<void>
  /** Resolves when all that was added is in the queue, or given up. */
  close(): Promise<void>
}

/** After the login that it is about has had its answer: how long that takes must not tell whether there is a mailbox. */
const gatherMs = 1_000
const rowsPerStep = 100
/** Bounds the memory while the database is away. */
const mostWaiting = 1_000
/** Between two tries while it is. */
const againMs = 5_000

/**
 * @param services `sleeps`: nothing is written by itself, only by `flush`, and no lock is waited for: a process that fell
 *   asleep meanwhile would get it, and keep all others from the queue until it is woken
 */
export function createNotices(services: QueueServices & { log: Logger; sleeps?: boolean }): Notices {
  const { settings, clock, log, sleeps = false } = services
  const closing = new AbortController()
  let waiting: Notice[] = []
  let running: Promise<void> | undefined
  let dropped = 0

  const writeAll = async () => {
    while (waiting.length > 0) {
      await pause(gatherMs, closing.signal)
      const batch = waiting.slice(0, rowsPerStep)
      waiting = waiting.slice(rowsPerStep)
      while (!(await isDone(batch))) await pause(againMs, closing.signal)
    }
    running = undefined
  }

  const writeNow = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, rowsPerStep)
      if (!(await isDone(batch))) {
        log.warn({ notices: waiting.length }, 'notices wait for a later call')
        return
      }
      waiting = waiting.slice(batch.length)
    }
  }

  /** Writes a batch. @returns whether nothing more can be done for it */
  const isDone = async (batch: Notice[]): Promise<boolean> => {
    try {
      const tooMany = dropped + (await enqueue(services, batch, sleeps))
      dropped = 0
      if (tooMany > 0) log.warn({ dropped: tooMany }, 'too many notices wait: some were dropped')
      return true
    } catch (error) {
      const isLost = !isAway(error) || closing.signal.aborted
      if (isLost) log.error({ err: error, notices: batch.length }, 'notices were lost')
      return isLost
    }
  }

  return {
    add(notice) {
      if (!settings.notify[notice.kind] || !canSend(settings)) return
      if (waiting.length >= mostWaiting) dropped++
      else waiting.push({ ...notice, time: clock() })
      if (!sleeps) running ??= writeAll()
    },
    flush() {
      // One that is not done yet takes along what was added since.
      running ??= writeNow().finally(() => {
        running = undefined
      })
      return running
    },
    async close() {
      closing.abort()
      await running
    },
  }
}
