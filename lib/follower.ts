/** A copy in memory that follows what the database holds: as new as a version that is read anyway says. */

export interface Follower {
  /** Resolves when the copy is as new as this version; another one than before makes it be read first. */
  follow(version: string | null): Promise<void>
  /** Resolves when a reading that began no earlier than now has ended. */
  reread(): Promise<void>
}

/** A copy that seems to be as new as can be is read again after so long. */
const readAgainMs = 60_000

/**
 * @param read brings the copy up to date; what it throws goes to those who wait for it
 * @param steady milliseconds that only ever go forward
 */
export function createFollower(read: () => Promise<void>, steady: () => number): Follower {
  let heldVersion: string | null | undefined
  /** When the latest reading began, on the steady clock. */
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null
  /** Readings are numbered; they never overlap. */
  let begun = 0
  let done = 0

  const readNext = async (version: string | null | undefined) => {
    begun += 1
    readAt = steady()
    try {
      await read()
      heldVersion = version
      done = begun
    } finally {
      reading = null
    }
  }

  /**
   * Calls that find the same news share one reading. Who finds other news than the reading under way waits for a later
   * one: this one may have looked too early.
   */
  const catchUp = async (version: string | null) => {
    const enough = begun + 1
    while (heldVersion !== version && done < enough) {
      reading ??= readNext(version)
      await reading
    }
  }

  /** Whoever made a change may have died before it was announced. Nobody waits for that, or fails by it. */
  const readAgain = (version: string | null) => {
    reading ??= readNext(version)
    reading.catch(() => {})
  }

  return {
    async follow(version) {
      if (heldVersion !== version) await catchUp(version)
      else if (steady() > readAt + readAgainMs) readAgain(version)
    },

    async reread() {
      // The one under way may have looked too early.
      await reading?.catch(() => {})
      reading ??= readNext(heldVersion)
      await reading
    },
  }
}
